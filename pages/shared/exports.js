// Three buttons below a figure. The browser draws the files itself, with the Plotly that the server's own package ships
// (fetched at the first click and then kept), so that neither a browser on the server nor a network is needed.

let loading = null;

function plotly(path) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    // Relative to the page, so that it also works behind a path of a reverse proxy.
    script.src = new URL(path, document.location.href);
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      loading = null;
      reject(new Error("the drawing library could not be loaded"));
    };
    document.head.append(script);
  });
  return loading;
}

function save(text, type, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function text(path) {
  const answer = await fetch(new URL(path, document.location.href));
  if (!answer.ok) throw new Error(await answer.text());
  return answer.text();
}

async function draw(data, format) {
  const figure = JSON.parse(await text(data.figure));
  const { width, height } = figure.layout;
  const library = await plotly(data.plotly);
  await library.downloadImage(figure, { format, width, height, scale: format === "png" ? data.scale : 1, filename: data.name });
}

export default function ({ data, parentElement }) {
  // Several figures of a page have the same buttons: who hears them only has to know whose they are.
  parentElement.querySelector("[role=group]").setAttribute("aria-label", `Save the figure: ${data.title}`);
  const note = parentElement.querySelector("[role=status]");
  for (const button of parentElement.querySelectorAll("button")) {
    const format = button.dataset.format;
    button.hidden = format !== "csv" && !data.plotly;
    button.onclick = async () => {
      button.disabled = true;
      note.textContent = "";
      try {
        if (format === "csv") save(await text(data.csv), "text/csv", `${data.name}.csv`);
        else await draw(data, format);
      } catch (error) {
        note.textContent = `Not saved: ${error.message ?? error}`;
      } finally {
        button.disabled = false;
      }
    };
  }
}
