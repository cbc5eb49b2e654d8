// A button sends one form of a page. What was typed in the others stands there again whenever a page has them, until
// they are sent, and so does what was sent if the answer was an error. Signing out ends it.
const fields = (form) => [...form.elements].filter((it) => it.matches("textarea, select, input:not([type=hidden], [type=password], [type=file])"));
const isChanged = (it) => it.options ? [...it.options].some((option) => option.selected !== option.defaultSelected)
  : it.value !== it.defaultValue || it.checked !== it.defaultChecked;
// A field can have the name "action".
const place = (form) => new URL(form.getAttribute("action"), location).pathname;
const forms = () => [...document.querySelectorAll("main form")].filter((it) => !place(it).includes("/workshop"));
const { sent, ...kept } = JSON.parse(sessionStorage.getItem("typed") ?? "{}");
if (!document.querySelector("[data-refused]")) delete kept[sent];
sessionStorage.setItem("typed", JSON.stringify(kept));
for (const form of forms()) {
  for (const [name, value, checked] of kept[place(form)] ?? []) {
    // The choices of a group share their name.
    const field = fields(form).find((it) => it.name === name && (!/radio|checkbox/.test(it.type) || it.value === value));
    if (!field) continue;
    field.value = value;
    if ("checked" in field) field.checked = checked;
    for (let it = field; (it = it.closest("details:not([open])")); ) it.open = true;
  }
}
addEventListener("submit", ({ target }) => {
  if (place(target).endsWith("/sign-out")) return sessionStorage.removeItem("typed");
  for (const form of forms()) delete kept[place(form)];
  for (const form of forms()) {
    for (const it of fields(form).filter(isChanged)) (kept[place(form)] ??= []).push([it.name, it.value, it.checked]);
  }
  sessionStorage.setItem("typed", JSON.stringify({ ...kept, sent: place(target) }));
});
