// Updates the letter while the person types, and makes the form easier. The form works without this script.
const form = document.querySelector("form");
const { elements } = form;
const ids = ["letter", "towns", "found", "note-count", "drawing", "pad", "send", "preview", "wait", "thanks"];
const [letter, towns, found, length, draw, pad, send, view, state, thanks] = ids.map((id) => document.getElementById(id));

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

// Until the form is sent, only the postal code leaves the page.
let answer = { targets: [] };
let asked = "";
const ask = async () => {
  const code = elements.postal_code?.value.trim();
  if (!form.dataset.targets || code === asked) return;
  asked = code;
  let found;
  try {
    const reply = code && (await fetch(`${form.dataset.targets}&postal_code=${encodeURIComponent(code)}`));
    if (reply.ok) found = await reply.json();
    // Many people are asking.
    else asked = "";
  } catch {
    asked = "";
  }
  // A later code is being asked for.
  if (![code, ""].includes(asked)) return;
  answer = found ?? { targets: [] };
  offer(answer.targets.length > 1 ? answer.targets : []);
  show();
};
let asking;
let { defaultValue: typed } = elements.name;
const plan = () => {
  // The signature is the name until the person changes it.
  if (elements.signature.value === typed) elements.signature.value = elements.name.value;
  typed = elements.name.value;
  show();
  clearTimeout(asking);
  asking = setTimeout(() => {
    ask();
    count();
  }, 600);
};

const chosen = () => {
  const { targets } = answer;
  const choice = form.querySelector("[name=target]:checked")?.value;
  return targets.length > 1 ? targets.find(({ id }) => id === choice) : targets[0];
};

// The typed texts by merge field, as the server would read them. A field without text keeps its placeholder.
const fields = (language) => {
  const known = {};
  for (const [name, text] of new FormData(form)) {
    if (text.trim()) known[name] = known[`signer.${name}`] = text.trim().replace(/\r\n?/g, "\n").normalize("NFC");
  }
  const target = chosen();
  for (const name of target ? ["title", "name", "department", "locality"] : [])
    known[`target.${name}`] = (name === "title" && target.titles?.[language]) || target[name];
  return known;
};

const drawing = form.querySelector("[name=drawing]");
let picture;

// The letter as the server would render it, from its template: a slot is a merge field, a template in it what is left
// out without one.
const show = () => {
  if (form.hidden) return;
  const language = form.querySelector("[name=letter_language]:checked")?.value ?? letter.lang;
  const source = document.querySelector(`[data-letter="${language}"]`);
  const known = fields(language);
  const copy = source.content.cloneNode(true);
  for (let part; (part = copy.querySelector("template")); ) {
    const names = part.dataset.if.split(" ");
    part.replaceWith(names.some((name) => known[name]) ? part.content : "");
  }
  const strokes = picture ? JSON.parse(drawing.value || "[]") : [];
  for (const slot of copy.querySelectorAll("slot")) {
    const text = known[slot.name];
    const lines = text?.split("\n").flatMap((line) => [document.createElement("br"), `\n${line}`]);
    lines?.splice(0, 2, text.split("\n")[0]);
    const isDrawn = slot.name === "signature" && strokes.length;
    if (isDrawn) slot.parentNode.classList.add("drawn");
    slot.replaceWith(...(isDrawn ? [picture(strokes, text ?? "")] : (lines ?? slot.childNodes)));
  }
  copy.normalize();
  const before = [...letter.children].map((block) => block.outerHTML);
  letter.replaceChildren(copy);
  letter.lang = language;
  letter.classList.toggle("typed", Boolean(known.signature));
  const changed = [...letter.children].find((block, index) => block.outerHTML !== before[index]);
  if (changed) {
    // Scroll the letter in its box, never the page.
    const [box, part] = [letter, changed].map((it) => it.getBoundingClientRect());
    if (part.top < box.top || part.bottom > box.bottom) letter.scrollTop += part.top - box.top - box.height / 3;
  }
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

// Words in which an email address is a link.
const linked = (words) => {
  const copy = document.createDocumentFragment();
  for (const [at, part] of words.split(/([^\s@]+@[^\s@]+\w)/).entries())
    copy.append(at % 2 ? Object.assign(document.createElement("a"), { href: `mailto:${part}`, target: "_self", textContent: part }) : part);
  return copy;
};

// Says who gets the letter. Says that nobody does only after the person has left the postal code.
const tell = () => {
  const [target, code] = [chosen(), elements.postal_code];
  if (!code) return;
  // The server's page already shows its own message about its code.
  const isNews = !code.ariaInvalid || code.value !== code.defaultValue;
  const isTyped = code.value && isNews && (answer.targets.length || code !== document.activeElement);
  say(found, target ? written(found.parentNode, target) : linked((isTyped && answer.detail) || ""));
};

const { note } = elements;
const count = () => {
  if (!note) return;
  const { limit, within, over } = note.dataset;
  const used = [...note.value.trim().normalize("NFC")].length;
  const words = used > limit ? over : within;
  say(length, used ? words.replace("{used}", used) : "");
};

const open = async () => {
  const script = await import(draw.dataset.script);
  picture = script.picture;
  script.openPad(draw, pad, drawing);
};
draw.addEventListener("click", open, { once: true });
draw.hidden = false;
if (drawing.value) draw.click();

// Shows the page after signing, which is in this one. Its button brings the form back, to correct the address.
const thank = () => {
  const { content, dataset } = thanks;
  const main = document.querySelector("main");
  content.querySelector("bdi").textContent = elements.email.value;
  form.hidden = true;
  main.className = "";
  main.replaceChildren(content, form);
  document.title = dataset.title;
  history.replaceState(null, "", form.dataset.signed);
  scrollTo(0, 0);
  main.querySelector("h1").focus();
};

// Sends the form until it is answered. The server's page shows the mistakes in it.
const post = async () => {
  send.ariaDisabled = true;
  const headers = { accept: "application/json" };
  // A page from the browser's cache can be of any age. Such a form, or one of yesterday, gets a new token.
  const isOld = Date.now() - performance.timeOrigin > 86_400_000;
  if (isOld || !performance.getEntriesByType("navigation")[0]?.transferSize) {
    const reply = await fetch(form.dataset.signed.split("/", 3).join("/"), { headers }).catch(() => null);
    const renewed = await reply?.json().catch(() => null);
    if (renewed?.form) elements.form.value = renewed.form;
  }
  for (let tries = 1, lost = 0; ; tries += 1) {
    const body = new URLSearchParams(new FormData(form));
    const reply = await fetch(form.action, { method: "POST", headers, body }).catch(() => null);
    if (reply?.status === 202) return thank();
    // Something may block a script's requests, and let pages through.
    lost += !reply && navigator.onLine;
    if (lost > 2 || (reply?.status < 500 && reply.status !== 429)) return form.submit();
    // So that not everybody tries again at the same moment.
    const asked = reply?.headers.get("retry-after") || Math.min(2 ** tries, 30);
    const seconds = Math.ceil(+asked + 3 * Math.random());
    say(state, form.dataset.again.replace("{seconds}", seconds));
    await new Promise((done) => setTimeout(done, seconds * 1_000));
  }
};

form.addEventListener("submit", (event) => {
  if (form.hidden) return;
  event.preventDefault();
  const { name, value } = event.submitter ?? {};
  // This button answers whether the address was mistyped. Enter in a field presses it, too.
  if (name && elements.email.value === elements.email.defaultValue) [elements.email.value, elements.asks.value] = [value, ""];
  // A double click must not send the form twice.
  if (!send.ariaDisabled) post();
});
// The browser's back button shows this page as it was left.
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  send.ariaDisabled = null;
  say(state, "");
});

form.addEventListener("input", plan);
elements.postal_code?.addEventListener("change", ask);
form.addEventListener("change", tell);
view.hidden = true;
if (top !== window) document.documentElement.classList.add("embedded");
document.querySelector("[role=alert]")?.focus();
count();
// Somebody typed before this script loaded, or the browser or a link filled something in.
if ([...elements].some((it) => "defaultValue" in it && it.value !== it.defaultValue)) plan();
else if (elements.postal_code?.value) ask();
