// The page is whole without this. With it: findings by verdict, call, family and text;
// the address says which (#findings?verdict=crash&verb=put&family=A&q=note).
"use strict";
(function () {
	const form = document.getElementById("filter");
	const listed = document.getElementById("listed");
	const findings = Array.from(document.querySelectorAll("[data-verdict]"));

	function asked() {
		const at = location.hash.indexOf("?");
		return location.hash.startsWith("#findings?") ? new URLSearchParams(location.hash.slice(at + 1)) : null;
	}
	// "put/A": a row and a column of the matrix, both of the same states.
	function fits_place(data, verb, family) {
		return data.places.split("\n").some(function (place) {
			const at = place.lastIndexOf("/");
			return (!verb || place.slice(0, at) === verb) && (!family || place.slice(at + 1) === family);
		});
	}
	const texts = new Map();	// of findings, taken when they are first asked for
	function text_of(finding) {
		if (!texts.has(finding))
			texts.set(finding, finding.textContent.toLowerCase());
		return texts.get(finding);
	}
	function show() {
		const want = Object.fromEntries(new FormData(form));
		const text = want.q.trim().toLowerCase();
		let shown = 0;
		for (const f of findings) {
			const fits = (!want.store || f.dataset.store === want.store) &&
				(!want.verdict || f.dataset.verdict === want.verdict) &&
				fits_place(f.dataset, want.verb, want.family) &&
				(!text || text_of(f).includes(text));
			f.hidden = !fits;
			shown += fits;
		}
		form.elements.shown.textContent = shown + " of " + findings.length;
		document.getElementById("none-shown").hidden = shown > 0;
		if (listed)
			listed.hidden = !listed.querySelector("tbody tr:not([hidden])");
	}
	function take(want) {
		for (const name of ["store", "verdict", "verb", "family", "q"])
			if (form.elements[name])
				form.elements[name].value = want.get(name) || "";
		show();
	}
	function remember() {
		const want = new URLSearchParams();
		for (const [name, value] of new FormData(form))
			if (value)
				want.set(name, value);
		history.replaceState(null, "", want.toString() ? "#findings?" + want : "#findings");
	}
	// Where the address leads: a choice of findings, one that is hidden, a closed text.
	function follow() {
		const want = asked();
		if (want && form) {
			take(want);
			document.getElementById("findings").scrollIntoView();
			return;
		}
		const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
		if (!target)
			return;
		if (target.tagName === "DETAILS")
			target.open = true;
		if (target.hidden && form)
			take(new URLSearchParams());
		target.scrollIntoView();
	}

	if (form) {
		form.hidden = false;
		form.addEventListener("input", function () { show(); remember(); });
		form.addEventListener("submit", function (event) { event.preventDefault(); });
		form.addEventListener("reset", function () { setTimeout(function () { show(); remember(); }); });
		for (const cell of document.querySelectorAll(".matrix a[data-verb]"))
			cell.addEventListener("click", function (event) {
				event.preventDefault();
				const { store, verb, family } = cell.dataset;
				location.hash = "#findings?" + new URLSearchParams(form.elements.store ? { store, verb, family } : { verb, family });
			});
		for (const all of document.querySelectorAll("[data-all]"))
			all.addEventListener("click", function () { take(new URLSearchParams()); });
		show();
	}
	for (const command of document.querySelectorAll(".command")) {
		if (!navigator.clipboard)
			break;
		const button = document.createElement("button");
		button.type = "button";
		button.textContent = "copy";
		button.addEventListener("click", function () {
			navigator.clipboard.writeText(command.querySelector("code").textContent)
				.then(function () { button.textContent = "copied"; });
		});
		command.append(button);
	}
	addEventListener("hashchange", follow);
	follow();
})();
