// Turns text pasted from Word, Google Docs or an email into the letter’s Markdown: lists, bold, italics and links. The
// browser reads it in a document of its own, in which no script runs and nothing is loaded.
const most = 2e6, longest = 30000, deepest = 3;
const formats = `a[href], b, strong, i, em, ul, ol, h1, h2, h3, ${["mso-list", "bold", "italic", "weight"].map((it) => `[data-style*=${it}]`)}`;
// The page’s security policy reports each style and handler of a document, also where nothing is shown or run.
// What has no end goes to the end of the text, as in a browser: so no part of the text is read twice.
const withoutRules = (html) =>
  html
    .replace(/<(style|script)\b[\s\S]*?(<\/\1\b[^>]*(>|$)|$)/gi, "")
    .replace(/<[^>]*(>|$)/g, (tag) => tag.replace(/\sstyle\s*=/gi, " data-style=").replace(/\son\w+\s*=/gi, " data-on="));
const text = document.querySelector("[data-paste]");
const says = document.getElementById("paste-says");

text?.addEventListener("paste", (event) => {
  const html = event.clipboardData.getData("text/html"), plain = event.clipboardData.getData("text/plain");
  says.textContent = "";
  if (html.length > most || plain.length > longest) {
    event.preventDefault();
    says.textContent = says.dataset.long;
    return;
  }
  const { body } = new DOMParser().parseFromString(withoutRules(html), "text/html");
  if (!body.querySelector(formats)) return;
  event.preventDefault();
  const words = markdown(body);
  text.focus();
  // Browsers that keep a field’s history for Undo do it only for this command.
  if (document.execCommand("insertText", false, words)) return;
  text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
});

// Entries are paragraphs that begin with a mark; between two of them there is no empty line.
const markdown = (body) => {
  const blocks = [{ mark: "", words: "" }];
  const begin = (mark = "") => blocks.push({ mark, words: "" });
  read(body, { depth: 0, begin, add: (words) => (blocks.at(-1).words += words) });
  const lines = blocks
    .map(({ mark, words }) => ({ mark, words: tidy(words) }))
    .filter(({ words }) => words)
    .map(({ mark, words }) => ({ mark, words: mark + words.replaceAll("\n", `\n${" ".repeat(mark.length)}`) }));
  return lines.reduce((all, { mark, words }, place) => {
    const apart = mark && lines[place - 1]?.mark ? "\n" : "\n\n";
    return place ? all + apart + words : words;
  }, "");
};

// Word cuts bold words into parts.
const tidy = (words) =>
  words.replaceAll("****", "").replace(/[^\S\n\t]+/g, " ").replace(/ ?\n ?/g, "\n").trim()
    .replace(/\n{2,}/g, "\n\n").replace(/([^\n])\n(?!\n)/g, "$1  \n");

const block = /^(P|DIV|H[1-6]|BLOCKQUOTE|TABLE|TR|LI|UL|OL|PRE|SECTION|ARTICLE|HEADER|FOOTER)$/;
const left = /^(SCRIPT|STYLE|HEAD|TITLE|META|LINK|IMG|SVG|TEMPLATE|NOSCRIPT|IFRAME|OBJECT)$/i;

const read = (node, at) => {
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      // Between the blanks of a paper form, Google Docs keeps wide gaps.
      const isKept = child.parentElement.closest('[data-style*="white-space:pre"]');
      const words = isKept ? child.data.replace(/[^\S\n]{2,}|\t/g, "\t") : child.data.replace(/\s+/g, " ");
      at.add(words.replace(/[\\*]/g, "\\$&"));
    } else if (child.nodeType === Node.ELEMENT_NODE && !left.test(child.tagName)) element(child, at);
  }
};

const element = (child, at) => {
  const { tagName: tag } = child, style = child.dataset?.style ?? "";
  if (tag === "BR") return at.add("\n");
  // Word marks the entries of its lists by their style, and writes the mark itself.
  if (/mso-list:\s*ignore/i.test(style)) return;
  const level = Number(/mso-list:[^;]*level(\d)/i.exec(style)?.[1] ?? 0);
  if (tag === "UL" || tag === "OL") return list(child, at);
  if (level) entry(child, { ...at, depth: level - 1 }, /(\d+)\D*$/.exec(child.querySelector("[data-style*=gnore]")?.textContent)?.[1]);
  else if (block.test(tag)) {
    if (!at.isEntry) at.begin(/^H[1-6]$/.test(tag) ? `${"#".repeat(tag[1])} ` : tag === "BLOCKQUOTE" ? "> " : "");
    read(child, { ...at, isEntry: false });
    if (!at.isEntry) at.begin();
  } else around(child, style, tag, at);
};

const around = (child, style, tag, at) => {
  // Word's mso-bidi-font-weight is about other scripts.
  const weight = /(?<![-\w])font-weight:\s*(\w+)/i.exec(style)?.[1], slant = /(?<![-\w])font-style:\s*(\w+)/i.exec(style)?.[1];
  const isBold = weight ? /^(bold|[6-9]\d\d)/i.test(weight) : /^(B|STRONG)$/.test(tag);
  const isItalic = slant ? /^italic$/i.test(slant) : /^(I|EM)$/.test(tag);
  const address = tag === "A" && /^(https?|mailto):/.test(child.getAttribute("href") ?? "") ? child.href : "";
  const mark = child.querySelector("p, div, li") ? "" : (isBold ? "**" : "") + (isItalic ? "*" : "");
  let inside = "";
  if (!mark && !address) return read(child, at);
  read(child, { ...at, add: (words) => (inside += words) });
  // Markdown has no space between a mark and its words.
  const words = inside.trim(), marked = words && mark + words + [...mark].reverse().join("");
  const [before, after] = words ? inside.split(words) : [inside, ""];
  at.add(before + (address && words && words !== address ? `[${marked}](${address})` : marked) + after);
};

const list = (child, at) => {
  if (at.depth >= deepest) says.textContent = says.dataset.flat;
  let number = child.start;
  for (const item of child.children) {
    // Google Docs puts a list in a list beside its entries.
    if (/^(UL|OL)$/.test(item.tagName)) list(item, { ...at, depth: at.depth + 1 });
    else entry(item, { ...at, depth: at.depth }, number && number++);
  }
};

const entry = (item, at, number) => {
  at.begin("    ".repeat(Math.min(at.depth, deepest - 1)) + (number ? `${number}. ` : "- "));
  read(item, { ...at, depth: at.depth + 1, isEntry: true });
  at.begin();
};
