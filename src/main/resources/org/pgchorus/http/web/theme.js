// Before the first paint: the theme that was chosen here, if one was. Not a module, so it does not wait.
"use strict";
{
  const chosen = localStorage.getItem("pgchorus.theme");
  if (chosen === "light" || chosen === "dark") {
    document.documentElement.dataset.theme = chosen;
  }
}
