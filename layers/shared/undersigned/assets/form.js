// Updates the letter while the person types, and makes the form easier. The form works without this script.
const form = document.querySelector("form");
const { elements } = form;
const [letter, towns, found, send, view] = ["letter", "towns", "found", "send", "preview"].map((id) =>
  document.getElementById(id),
);

// Before the form is sent, only the fields that the letter shows leave the page.
const SHOWN =
  "name address_line locality region postal_code target signature drawing note letter_language".split(" ");

const answers = () => {
  const given = new FormData(form);
  return String(new URLSearchParams(SHOWN.filter((name) => given.has(name)).map((name) => [name, given.get(name)])));
};
const filled = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
// Fills in the template inside a container with a target.
const written = (container, target) => {
  const copy = container.querySelector("template").content.cloneNode(true);
  for (const part of copy.querySelectorAll("[data-fill]")) part.textContent = target[part.dataset.fill];
  return copy;
};
// Setting a live region to the same text would make screen readers announce it again.
const say = (region, words) => {
  if (region.textContent !== (words.textContent ?? words)) region.replaceChildren(words);
};

// The letter doesn't have yet what was typed before this script loaded.
const isTouched = [...elements].some((it) => "defaultValue" in it && it.value !== it.defaultValue);
let shown = isTouched ? "" : answers();
let answer = { targets: [], errors: [] };
let isAsking = false;
let timer;

const plan = () => {
  clearTimeout(timer);
  timer = setTimeout(ask, 350);
};

// One request at a time. The next one sends what was typed in the meantime.
const ask = async () => {
  const asked = answers();
  if (isAsking || asked === shown) return;
  isAsking = true;
  try {
    const body = new URLSearchParams(asked);
    const reply = await fetch(view.formAction, { method: "POST", headers: { accept: "application/json" }, body });
    if (reply.ok) show((answer = await reply.json()));
    shown = asked;
  } catch {
    // Offline: typing more tries again.
  }
  isAsking = false;
  if (answers() !== asked) plan();
};

const show = ({ html, language, targets }) => {
  const before = [...letter.children].map((block) => block.outerHTML);
  // The only HTML that this script inserts. The server has escaped every value in it.
  letter.innerHTML = html;
  letter.lang = language;
  letter.classList.toggle("typed", elements.signature.value.trim());
  const changed = [...letter.children].find((block, index) => block.outerHTML !== before[index]);
  if (changed) {
    // Scroll the letter in its box, never the page.
    const [box, part] = [letter, changed].map((it) => it.getBoundingClientRect());
    if (part.top < box.top || part.bottom > box.bottom) letter.scrollTop += part.top - box.top - box.height / 3;
  }
  offer(targets.length > 1 ? targets : []);
  tell();
};

const offer = (targets) => {
  const radios = [...towns.querySelectorAll("input")];
  if (String(radios.map(({ value }) => value)) === String(targets.map(({ id }) => id))) return;
  radios.forEach((radio) => radio.closest("label").remove());
  for (const target of targets) {
    const choice = written(towns, target);
    const radio = choice.querySelector("input");
    radio.value = target.id;
    if (target === targets[0]) radio.id = "target";
    towns.append(choice);
  }
  towns.hidden = !targets.length;
};

// Says who gets the letter. Says that nobody does only after the person has left the postal code.
const tell = () => {
  const { target, targets, errors } = answer;
  const code = elements.postal_code;
  const mistake = errors.find(({ field }) => field === "postal_code" || field === "target");
  const isTyped = code.value && (targets.length || code !== document.activeElement);
  say(found, target ? written(found.parentNode, target) : (isTyped && mistake?.detail) || "");
};

const { note } = elements;
const count = () => {
  const { limit, within, over } = note.dataset;
  const used = [...note.value.trim().normalize("NFC")].length;
  const words = used > limit ? over : within;
  say(document.getElementById("note-count"), used ? filled(words, { used }) : "");
};
let counting;
note?.addEventListener("input", () => {
  clearTimeout(counting);
  counting = setTimeout(count, 500);
});

const draw = document.getElementById("drawing");
const drawing = form.querySelector("[name=drawing]");
const open = async () => (await import(draw.dataset.script)).openPad(draw, document.getElementById("pad"), drawing);
draw.addEventListener("click", open, { once: true });
draw.hidden = false;
if (drawing.value) draw.click();

const { challenge, worker, wait } = form.dataset;
const solve = () =>
  new Promise((done) => {
    const solver = new Worker(worker);
    solver.onerror = done;
    solver.onmessage = ({ data }) => {
      if (data?.derivedKey)
        elements.proof.value = btoa(JSON.stringify({ challenge: JSON.parse(challenge), solution: data }));
      solver.terminate();
      done();
    };
    const task = { challenge: JSON.parse(challenge), counterStart: 0, counterStep: 1, counterMode: "uint32" };
    solver.postMessage({ type: "work", ...task, timeout: 60_000 });
  });
let proof;
if (challenge) form.addEventListener("focusin", () => (proof ??= solve()));

let sentAt = -Infinity;
form.addEventListener("submit", async (event) => {
  // A double click must not send the form twice.
  if (event.timeStamp - sentAt < 8_000) return event.preventDefault();
  sentAt = event.timeStamp;
  if (!challenge || elements.proof.value) return;
  event.preventDefault();
  const words = send.textContent;
  send.ariaDisabled = "true";
  send.textContent = document.getElementById("wait").textContent = wait;
  await Promise.race([(proof ??= solve()), new Promise((done) => setTimeout(done, 6_000))]);
  form.submit();
  send.removeAttribute("aria-disabled");
  send.textContent = words;
});

form.addEventListener("input", plan);
form.addEventListener("change", tell);
view.hidden = true;
if (top !== window) document.documentElement.classList.add("embedded");
document.querySelector("[role=alert]")?.focus();
if (note?.value) count();
plan();
