// In the corner of every page: what hides all but the figures, and what hands the page's address out.

const HIDDEN = "position: fixed; left: 0.5rem; top: -10rem; z-index: 999992; padding: 0.4rem 0.9rem; "
  + "font: inherit; color: #111; background: #fff; border: 2px solid; border-radius: 0.5rem;";

// The first thing that Tab finds: who has no mouse goes past the navigation at once, to the page's title.
function offerToSkip() {
  if (document.getElementById("skip")) return;
  const skip = Object.assign(document.createElement("button"), { id: "skip", textContent: "Skip to content" });
  skip.style = HIDDEN;
  skip.onfocus = () => { skip.style.top = "0.5rem"; };
  skip.onblur = () => { skip.style.top = "-10rem"; };
  skip.onclick = () => {
    const title = document.querySelector("[data-testid=stMainBlockContainer] h1");
    title?.setAttribute("tabindex", "-1");
    title?.focus();
  };
  document.body.prepend(skip);
}

// Streamlit says on the app's element alone whether it is dark; what opens above the page stands beside that element.
function tellScheme() {
  const app = document.querySelector("[data-testid=stApp]");
  const tell = () => { document.documentElement.style.colorScheme = getComputedStyle(app).colorScheme; };
  tell();
  if (app.dataset.tellsScheme) return;
  app.dataset.tellsScheme = "true";
  new MutationObserver(tell).observe(app, { attributes: true, attributeFilter: ["class"] });
}

export default function ({ data, parentElement, setTriggerValue }) {
  offerToSkip();
  tellScheme();
  const $ = (query) => parentElement.querySelector(query);
  const [present, share, dialog, copy] = [$(".present"), $(".share"), $("dialog"), $(".copy")];
  present.textContent = data.presented ? "Leave" : "Present";
  present.title = data.presented ? "Show navigation and controls again" : "For a projector: figures alone, in large letters";
  share.hidden = data.presented;
  document.body.onkeyup = !data.presented ? null : (event) => {
    if (event.key === "Escape" && !dialog.open) setTriggerValue("present", false);
  };
  present.onclick = () => setTriggerValue("present", !data.presented);
  share.onclick = () => {
    const address = tellAddress({ picture: $("img"), words: $(".address"), path: data.qr, beyond: data.beyond });
    copy.hidden = !address || !navigator.clipboard;
    copy.textContent = "Copy";
    copy.onclick = async () => { await navigator.clipboard.writeText(address.href); copy.textContent = "Copied"; };
    dialog.showModal();
  };
  $(".close").onclick = () => dialog.close();
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
}
