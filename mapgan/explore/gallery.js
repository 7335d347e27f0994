// Thumbnails: a click picks one, a click on its cross removes it.
element.addEventListener("click", (event) => {
  const remove = event.target.closest("[data-remove]"), pick = event.target.closest("[data-pick]");
  if (remove) trigger("remove", { key: remove.dataset.remove });
  else if (pick) trigger("pick", { key: pick.dataset.pick });
});
