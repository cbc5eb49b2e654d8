// Shows the letter while somebody types, inserts the words of a toolbar's buttons, and adds rows. Every page works
// without this script.
const wait = 400;
const letter = document.querySelector("[data-letter]");
if (letter) {
  const text = letter.elements.text;
  letter.querySelector("[data-format]").hidden = false;
  const plain = (words) => words.replaceAll("'", "’");

  // Browsers that keep a field's history for Undo do it only for this command.
  const insert = (words, from, to) => {
    text.focus();
    text.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, words)) {
      text.setRangeText(words, from, to, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };
  letter.addEventListener("click", (event) => {
    const button = event.target.closest(".toolbar button");
    if (!button) return;
    const { around, before, insert: words, link } = button.dataset;
    const from = text.selectionStart, to = text.selectionEnd;
    const chosen = text.value.slice(from, to);
    if (words !== undefined) return insert(button.textContent, from, to);
    if (before) {
      const start = text.value.lastIndexOf("\n", from - 1) + 1;
      const lines = text.value.slice(start, to).split("\n");
      return insert(lines.map((line) => before + line).join("\n"), start, to);
    }
    insert(link ? `[${chosen}](${link})` : around + chosen + around, from, to);
    // The cursor goes where the next words are typed.
    const place = link ? text.selectionEnd - 1 : text.selectionEnd - (chosen ? 0 : around.length);
    text.setSelectionRange(place, place);
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-quote]");
    if (!link) return;
    event.preventDefault();
    // The list has blanks in brackets, and the apostrophe that we print. Somebody may have typed others.
    const blanks = /\[[^[\]]+\](?!\()|__[_ /]*/g, written = plain(text.value);
    const words = plain(link.textContent.replace(/…$/, "")).split(blanks).map((it) => it.replace(/[^\w\s]/g, "\\$&"));
    const found = new RegExp(words.join(`(?:${blanks.source})`)).exec(written);
    text.focus();
    if (!found) return;
    // Of a line with blanks only the first is chosen: a button then replaces no more than that.
    const known = [...letter.querySelectorAll("[data-insert]")].map((it) => plain(it.textContent));
    const line = written.slice(found.index).split("\n", 1)[0];
    const blank = [...line.matchAll(blanks)].find(([it]) => !known.includes(it)) ?? Object.assign([found[0]], { index: 0 });
    const start = found.index + blank.index, before = written.slice(0, start).split("\n").length;
    text.setSelectionRange(start, start + blank[0].length);
    text.scrollTop = (text.scrollHeight / written.split("\n").length) * (before - 3);
  });

  let timer, latest;
  const update = async () => {
    latest?.abort();
    latest = new AbortController();
    const body = new FormData(letter);
    body.set("do", "live");
    const answer = await fetch(letter.action, { method: "POST", body, signal: latest.signal }).catch(() => null);
    if (!answer?.ok) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["letter-mistakes", "letter-shown"]) {
      const now = document.getElementById(id), next = made.getElementById(id);
      if (!next || now.innerHTML === next.innerHTML) continue;
      // While a mistake is corrected, the last letter without mistakes stays.
      if (id === "letter-shown" && !next.querySelector(".letter") && now.querySelector(".letter")) continue;
      const top = now.querySelector(".letter")?.scrollTop;
      now.replaceChildren(...next.childNodes);
      if (top) now.querySelector(".letter")?.scrollTo(0, top);
    }
  };
  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(update, wait);
  });
}

// A click elsewhere must not lose unsaved text.
for (const form of document.querySelectorAll("[data-guard], [data-letter]")) {
  let changed = false;
  form.addEventListener("input", (event) => (changed ||= event.target.form === form && !event.target.closest(".shown")));
  form.addEventListener("submit", () => (changed = false));
  addEventListener("beforeunload", (event) => changed && event.preventDefault());
}

// A file that is too large doesn't reach us: say so before it is sent.
for (const field of document.querySelectorAll("[data-most]")) {
  field.addEventListener("change", () => {
    field.setCustomValidity(field.files[0]?.size > Number(field.dataset.most) ? field.dataset.tooLarge : "");
    field.reportValidity();
  });
}

// A color can be chosen, too. The field keeps its text.
for (const field of document.querySelectorAll("[data-color]")) {
  const picker = document.createElement("input");
  picker.type = "color";
  picker.value = "#1f4e79";
  picker.setAttribute("aria-label", document.querySelector(`label[for="${field.id}"]`).firstChild.textContent.trim());
  const read = () => /^#[0-9a-f]{6}$/i.test(field.value) && (picker.value = field.value);
  read();
  field.addEventListener("input", read);
  picker.addEventListener("input", () => (field.value = picker.value));
  field.after(picker);
}

// Another empty row, with names of its own.
for (const button of document.querySelectorAll("[data-add]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const body = document.getElementById(button.dataset.add);
    const row = body.rows[body.rows.length - 1].cloneNode(true);
    const next = Number(row.dataset.row) + 1;
    row.dataset.row = next;
    row.cells[0].textContent = next + 1;
    for (const part of row.querySelectorAll("[name], [id], [aria-label]")) {
      for (const name of ["name", "id", "aria-label"]) {
        const value = part.getAttribute(name);
        if (value) part.setAttribute(name, value.replace(/\d+/, name === "aria-label" ? next + 1 : next));
      }
      if (part.matches("input[type=checkbox]")) part.checked = false;
      else if ("value" in part) part.value = "";
    }
    body.append(row);
    row.querySelector("input, textarea").focus();
  });
}
