// The block in WordPress's editor: a field for the form's link. WordPress renders it with the plugin.
((words) => {
  "use strict";
  const { createElement } = wp.element;
  wp.blocks.registerBlockType("undersigned/letter", {
    apiVersion: 3,
    title: words.block,
    icon: "edit",
    category: "embed",
    attributes: { link: { type: "string", default: "" } },
    supports: { html: false },
    edit: ({ attributes: { link }, setAttributes }) =>
      createElement(
        "div",
        wp.blockEditor.useBlockProps({ style: { padding: "1em", border: "1px solid" } }),
        createElement(wp.components.TextControl, {
          label: words.block + ": " + words.link,
          help: words.help,
          type: "url",
          value: link,
          onChange: (typed) => setAttributes({ link: typed.trim() }),
          __nextHasNoMarginBottom: true,
        }),
      ),
    save: () => null,
  });
})(undersignedWords);
