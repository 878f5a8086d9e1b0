"use strict";
// Puts the text of a block on the clipboard; where a browser forbids that, selects it, so that Ctrl+C does.
document.querySelectorAll("button[data-copies]").forEach((button) => {
  const said = button.nextElementSibling;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const block = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(block.innerText);
      said.textContent = "Copied.";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(block);
      const selection = window.getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      said.textContent = document.execCommand("copy") ? "Copied." : "Selected: copy it with Ctrl+C.";
    }
  });
});
