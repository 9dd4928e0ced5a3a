// The address under which others find a page: without anybody's guess, not presented, and by a name that the server has in
// its network; null where only this computer reaches it.
function sharedAddress(beyond) {
  const address = new URL(location.href);
  address.hash = "";
  for (const key of [...address.searchParams.keys()]) {
    if (key === "present" || key.startsWith("guess")) address.searchParams.delete(key);
  }
  if (/^(localhost|127\.|\[::1\])/.test(address.hostname)) {
    if (!beyond) return null;
    address.hostname = beyond;
  }
  return address;
}

// Shows it, and its code; the code's path is as seen from this page.
function tellAddress({ picture, words, path, beyond }) {
  const address = sharedAddress(beyond);
  picture.hidden = !address;
  if (address) picture.src = new URL(`${path}?of=${encodeURIComponent(address)}`, location.href);
  const said = address
    ? [address.host, document.createElement("wbr"), address.pathname + address.search]
    : ["Only this computer reaches this server. For a class, stop it and start it with “make class” or “invariance app --class”."];
  words.replaceChildren(...said);
  return address;
}
