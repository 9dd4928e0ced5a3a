// In the corner of every page: what hides all but the figures, and what hands the page's address out.

export default function ({ data, parentElement, setTriggerValue }) {
  const $ = (query) => parentElement.querySelector(query);
  const [present, share, dialog, copy] = [$(".present"), $(".share"), $("dialog"), $(".copy")];
  present.textContent = data.presented ? "Leave" : "Present";
  present.title = data.presented ? "Show navigation and controls again" : "For a projector: figures alone, in large letters";
  share.hidden = data.presented;
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
