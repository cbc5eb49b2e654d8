// Copies a text. Without this script, the button is hidden and people copy from the field or the link.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const label = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    field.select?.();
    try {
      await navigator.clipboard.writeText(field.value ?? field.textContent);
    } catch {
      // Where the browser refuses, a field's value is selected, and the keys for copying work.
      return;
    }
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = label), 2000);
  });
}
