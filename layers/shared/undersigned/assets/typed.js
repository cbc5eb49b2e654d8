// A button sends one form of a page. What was typed in the others stands there again on the next page that has them.
const inputs = (form) => [...form.elements].filter((it) => it.matches("textarea, input:not([type=hidden], [type=password], [type=file])"));
const place = (form) => new URL(form.action).pathname;
const others = () => [...document.querySelectorAll("main form")].filter((it) => !it.action.includes("/workshop"));
addEventListener("submit", ({ target }) => {
  const kept = {};
  for (const form of others().filter((it) => it !== target)) {
    const changed = inputs(form).filter((it) => it.value !== it.defaultValue || it.checked !== it.defaultChecked);
    if (changed.length) kept[place(form)] = changed.map(({ name, value, checked }) => [name, value, checked]);
  }
  sessionStorage.setItem("typed", JSON.stringify(kept));
});
const kept = JSON.parse(sessionStorage.getItem("typed") ?? "{}");
sessionStorage.removeItem("typed");
for (const form of others()) {
  for (const [name, value, checked] of kept[place(form)] ?? []) {
    // The choices of a group share their name.
    const field = inputs(form).find((it) => it.name === name && (!/radio|checkbox/.test(it.type) || it.value === value));
    if (!field) continue;
    [field.value, field.checked] = [value, checked];
    for (let it = field; (it = it.closest("details:not([open])")); ) it.open = true;
  }
}
