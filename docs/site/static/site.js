// What the theme leaves out for those who use a keyboard or a screen reader.
function complete() {
  for (const caption of document.querySelectorAll(".caption[role=heading]")) caption.ariaLevel = "2";
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Navigation");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "On this page");
  for (const part of document.querySelectorAll("dt dl")) part.role = "none"; // a signature, in lines
  for (const wide of document.querySelectorAll("pre, .table-wrapper")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
    else wide.removeAttribute("tabindex");
  }
}

document.addEventListener("DOMContentLoaded", complete);
document.addEventListener("toggle", complete, true); // what was folded has no width
window.addEventListener("resize", complete);
