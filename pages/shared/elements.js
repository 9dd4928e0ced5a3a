// What several components of pages have in common; it stands before the script of each.

function make(parent, name, attributes = {}, text = null) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== false) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  parent.append(element);
  return element;
}

// Shows the picture of that number of a sheet, whose rows are as nearly a square as may be.
function showOf(element, number, count) {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  element.style.backgroundSize = `${columns * 100}% ${rows * 100}%`;
  const [x, y] = [number % columns, Math.floor(number / columns)];
  element.style.backgroundPosition = `${(100 * x) / Math.max(1, columns - 1)}% ${(100 * y) / Math.max(1, rows - 1)}%`;
}
