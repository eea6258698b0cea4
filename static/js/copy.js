/** A button that copies the text of another element: `<button data-copy="#receipt-code" data-copied="Copied" hidden>`. */
for (const button of document.querySelectorAll('[data-copy]')) {
  if (!navigator.clipboard) continue; // no secure context: the code can still be selected by hand
  button.hidden = false;
  button.addEventListener('click', async () => {
    const text = document.querySelector(button.dataset.copy).textContent.trim();
    await navigator.clipboard.writeText(text);
    const words = button.querySelector('span') ?? button;
    words.textContent = button.dataset.copied;
    words.setAttribute('role', 'status');
  });
}
