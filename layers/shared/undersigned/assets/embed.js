// <undersigned-form> and <undersigned-count>: docs/embedding
(() => {
  "use strict";
  const script = document.currentScript;
  const ours = new URL(script.src).origin;
  const LABEL = "Sign the letter";

  const make = (name, properties) => Object.assign(document.createElement(name), properties);
  const campaignOf = (element) => element.dataset.campaign || script.dataset.campaign;
  const address = (campaign) => ours + "/campaigns/" + encodeURIComponent(campaign);
  const isLength = (value) => typeof value === "number" && value >= 0 && value <= 20_000;

  class Form extends HTMLElement {
    connectedCallback() {
      addEventListener("message", this);
      const campaign = campaignOf(this);
      if (this.frame || !campaign) return;
      const { source = "", theme = "" } = { ...script.dataset, ...this.dataset };
      const frame = (this.frame = make("iframe", {
        src: address(campaign) + "/embed?" + new URLSearchParams({ lang: this.lang, source, theme }),
        referrerPolicy: "no-referrer",
        onload: () => frame.contentWindow.postMessage({ undersigned: 1, hello: true }, ours),
      }));
      frame.style.cssText = "display:block;width:100%;height:0;border:0;visibility:hidden";
      this.attachShadow({ mode: "open" }).append(make("slot"), frame);
    }

    disconnectedCallback() {
      removeEventListener("message", this);
    }

    handleEvent({ data, origin, source }) {
      const { frame } = this;
      if (origin !== ours || source !== frame?.contentWindow || data?.undersigned !== 1) return;
      const { height, reveal } = data;
      if (isLength(height)) {
        frame.style.height = height + "px";
        frame.style.visibility = "";
        frame.title = this.querySelector("a")?.textContent || { es: "Firmar la carta" }[this.lang] || LABEL;
        this.shadowRoot.querySelector("slot")?.remove();
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
      const { signatures, goal } = await answer.json();
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
      const key = address(campaignOf(this)) + "/count";
      this.poll = polls[key] ||= { address: key, seen: new Set(), asked: -7_500, pause: 7_500 };
      watcher.observe(this);
    }

    disconnectedCallback() {
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
    const { campaign } = script.dataset;
    const forms = [...document.querySelectorAll("undersigned-form")];
    if (!campaign || forms.some((form) => campaignOf(form) === campaign)) return;
    const form = make("undersigned-form");
    Object.assign(form.dataset, script.dataset);
    form.append(make("a", { href: address(campaign), textContent: LABEL }));
    script.before(form);
  };

  if (!customElements.get("undersigned-form")) {
    customElements.define("undersigned-form", Form);
    customElements.define("undersigned-count", Count);
  }
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", addForm);
  else addForm();
})();
