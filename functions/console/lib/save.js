/** Hands a text to the person as a file. @param {string} name @param {string} type @param {string} text */
export function save(name, type, text) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([text], { type }));
	link.download = name;
	link.click();
	URL.revokeObjectURL(link.href);
}
