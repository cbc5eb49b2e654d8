// <undersigned-form> and <undersigned-count>: docs/embedding
(() => {
  "use strict";
  const script = document.currentScript ?? document.querySelector("script[data-campaign][src*='/embed.js']");
  const said = { ...script?.dataset };
  // Optimizers put scripts into the page or serve copies of them. Then only the links say where the letters are.
  const own = /^https?:\/\/[^/]+(?=\/embed\.js\b)/.exec(script?.src)?.[0];
  const LETTER = /^(https?:\/\/[^/]+)\/campaigns\/([^/?#]+)/;

  const make = (name, properties) => Object.assign(document.createElement(name), properties);
  const isLength = (value) => typeof value === "number" && value >= 0 && value <= 20_000;

  // Returns the campaign that an element names, itself or by its link, and its address.
  const place = (element) => {
    const [, linked, id] = LETTER.exec(element.querySelector("a")?.href) ?? [];
    const origin = own ?? linked;
    const campaign = element.dataset.campaign || (linked === origin && id) || said.campaign;
    return origin && campaign && { campaign, origin, address: origin + "/campaigns/" + encodeURIComponent(campaign) };
  };

  // Returns an element's place once the page has loaded what names it.
  const placed = (element) => {
    if (document.readyState !== "loading" || (own && element.dataset.campaign) || element.querySelector("a"))
      return place(element);
    addEventListener("DOMContentLoaded", () => element.isConnected && element.connectedCallback());
  };

  // Escaped, because copies of a script lose its encoding.
  const WORDS = {
    en: ["Sign the letter", "The form can\u2019t be shown here. You can sign on the letter\u2019s own page:"],
    es: ["Firmar la carta", "El formulario no se puede mostrar aqu\u00ed. Puede firmar en la p\u00e1gina de la carta:"],
  };
  const words = (element) => WORDS[element.closest("[lang]")?.lang.slice(0, 2)] ?? WORDS.en;
  // The page's color scheme. A dark device alone makes no form dark on a light page.
  const themeOf = (element) => {
    let scheme = getComputedStyle(element).colorScheme;
    if (scheme === "normal") scheme = document.querySelector("meta[name=color-scheme]")?.content;
    if (!/dark/.test(scheme)) return "light";
    return /light/.test(scheme) ? "auto" : "dark";
  };
  const linkTo = ({ address }, label) => make("a", { href: address, textContent: label });

  class Form extends HTMLElement {
    connectedCallback() {
      addEventListener("message", this);
      if (this.frame || !(this.place ??= placed(this))) return;
      const { source = "", theme = themeOf(this) } = { ...said, ...this.dataset };
      const frame = (this.frame = make("iframe", {
        src: this.place.address + "/embed?" + new URLSearchParams({ lang: this.lang, source, theme }),
        referrerPolicy: "no-referrer",
        onload: () => {
          frame.contentWindow.postMessage({ undersigned: 1, hello: true }, this.place.origin);
          setTimeout(() => this.explain(), 2000);
        },
      }));
      frame.style.cssText = "display:block;width:100%;height:0;border:0;visibility:hidden";
      this.attachShadow({ mode: "open" }).append(make("slot"), frame);
      // A theme gives its width to blocks only.
      if (getComputedStyle(this).display === "inline") this.style.display = "block";
    }

    // Says why there is no form: the host isn't allowed, or something blocks the frame.
    explain() {
      if (this.frame.title || this.explained) return;
      this.explained = true;
      const [label, sentence] = words(this);
      if (!this.querySelector("a")) this.append(linkTo(this.place, label));
      this.prepend(sentence + " ");
    }

    disconnectedCallback() {
      removeEventListener("message", this);
    }

    handleEvent({ data, origin, source }) {
      const { frame } = this;
      if (origin !== this.place?.origin || source !== frame?.contentWindow || data?.undersigned !== 1) return;
      // On a website that the campaign doesn't list, the frame is as high as any form, and each of its pages begins in view.
      const { height, there, signed, reveal = there && frame.title && 0 } = data;
      if (there || isLength(height)) {
        // Editors' previews watch the element, not its shadow tree.
        this.style.minHeight = frame.style.height = there ? "max(2750px, 3900px - 175vw)" : height + "px";
        frame.style.visibility = "";
        frame.title = this.querySelector("a")?.textContent || words(this)[0];
        this.shadowRoot.querySelector("slot")?.remove();
      }
      if (signed === true && !this.signed) {
        this.signed = true;
        this.dispatchEvent(new Event("undersigned:signed", { bubbles: true }));
      }
      if (isLength(reveal)) {
        const top = frame.getBoundingClientRect().top + reveal;
        if (top >= 0 && top < innerHeight / 2) return;
        frame.style.scrollMarginTop = -reveal + "px";
        frame.scrollIntoView({ behavior: "instant" });
      }
    }
  }

  const polls = {};

  const plan = (poll) => {
    clearTimeout(poll.timer);
    if (poll.seen.size && !document.hidden)
      poll.timer = setTimeout(ask, poll.asked + poll.pause - performance.now(), poll);
  };

  const ask = async (poll) => {
    poll.asked = performance.now();
    poll.pause = Math.min(poll.pause * 2, 300_000);
    try {
      const answer = await fetch(poll.address);
      const { signatures, goal: ends, shows_goal } = await answer.json();
      const goal = shows_goal && ends;
      if (answer.ok && (signatures !== poll.signatures || goal !== poll.goal)) {
        Object.assign(poll, { signatures, goal, pause: Math.max(15_000, poll.asked / 8) });
        for (const count of poll.seen) count.show();
      }
    } catch {}
    plan(poll);
  };

  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      target.poll.seen[isIntersecting ? "add" : "delete"](target);
      target.show();
      plan(target.poll);
    }
  });
  addEventListener("visibilitychange", () => Object.values(polls).forEach(plan));

  class Count extends HTMLElement {
    connectedCallback() {
      if (!(this.place ??= placed(this))) return;
      const key = this.place.address + "/count";
      this.poll = polls[key] ||= { address: key, seen: new Set(), asked: -7_500, pause: 7_500 };
      watcher.observe(this);
    }

    disconnectedCallback() {
      if (!this.poll) return;
      watcher.unobserve(this);
      this.poll.seen.delete(this);
      plan(this.poll);
    }

    show() {
      const { signatures, goal } = this.poll;
      if (signatures === undefined) return;
      const language = this.closest("[lang]")?.lang || "en";
      const number = (value) => {
        try {
          return value.toLocaleString(language);
        } catch {
          return value.toLocaleString();
        }
      };
      const of = { en: " of ", es: " de " }[language.slice(0, 2)] || " / ";
      const label = make("label");
      label.append(number(signatures) + (goal ? of + number(goal) : ""));
      if (goal && "progress" in this.dataset)
        label.append(" ", make("progress", { max: goal, value: signatures }));
      this.replaceChildren(label);
    }
  }

  // A page without the campaign's form gets one.
  const addForm = () => {
    const forms = [...document.querySelectorAll("undersigned-form")];
    if (!own || !said.campaign || forms.some((form) => place(form)?.campaign === said.campaign)) return;
    const form = make("undersigned-form");
    Object.assign(form.dataset, said);
    form.append(linkTo(place(form), words(script)[0]));
    script.before(form);
  };

  if (!customElements.get("undersigned-form")) {
    customElements.define("undersigned-form", Form);
    customElements.define("undersigned-count", Count);
  }
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", addForm);
  else addForm();
})();
