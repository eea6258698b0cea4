/** An element with its properties and what stands inside it. */
export function made(tag, { ariaLabel, ...properties } = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), properties);
  if (ariaLabel) element.setAttribute('aria-label', ariaLabel); // older browsers do not reflect the property
  element.append(...inside);
  return element;
}
