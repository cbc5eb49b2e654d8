// Sends the organization's own form as JSON, and shows each mistake at its field. Without this script, the browser sends
// the form.
"use strict";

const form = document.querySelector("#letter");
const problem = document.querySelector("#problem");

const make = (name, properties) => Object.assign(document.createElement(name), properties);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answers = Object.fromEntries(new FormData(form));
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(answers),
  }).catch(() => null);
  if (answer === null) form.submit();
  else if (answer.ok) location.assign(answers.thanks);
  else await show(await answer.json());
});

async function show({ title, detail, errors = [] }) {
  for (const old of form.querySelectorAll("p.error")) old.remove();
  for (const field of form.elements) field.removeAttribute("aria-invalid");
  const links = make("ul");
  for (const { field, detail } of errors) {
    if (field === "target") await offerChoice();
    const input = form.elements[field];
    const id = field + "-error";
    input.before(make("p", { className: "error", id, textContent: detail }));
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", id);
    const item = make("li");
    item.append(make("a", { href: "#" + field, textContent: detail }));
    links.append(item);
  }
  problem.replaceChildren(make("h2", { textContent: title }), make("p", { textContent: detail }), links);
  problem.hidden = false;
  problem.focus();
}

async function offerChoice() {
  const address = new URL("targets", form.action);
  address.searchParams.set("postal_code", form.elements.postal_code.value);
  const { targets } = await (await fetch(address)).json();
  const options = targets.map(({ id, label, title, name }) => new Option(`${label}: ${title} ${name}`, id));
  form.elements.target.replaceChildren(...options);
  form.elements.target.disabled = false;
  document.querySelector("#choice").hidden = false;
}
