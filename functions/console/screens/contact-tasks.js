// What is to be done about a contact.
import { Ask, Badge, Check, Empty, Form, Loaded, Sheet, Trouble, ask, dateTime, html, text, useAction, useFields, useLoad } from "../lib/all.js";
import { choosePerson, personOf } from "./contact-people.js";

const BLANK = { text: "", due: "", assignee: "" };

export function Tasks({ may, people, path }) {
	const tasks = useLoad(`${path}/tasks`, 10_000);
	const { reload } = tasks;
	return html`<${Sheet} title="Tasks">
		<${Loaded} of=${tasks}>
			${(data) => {
				const waiting = data.tasks.filter((task) => !task.done_at);
				const done = data.tasks.filter((task) => task.done_at);
				const rows = (tasks) => html`<ul class="findings">${tasks.map((task) => html`<${Task} key=${task.id} task=${task} path=${path} may=${may} people=${people} reload=${reload} />`)}</ul>`;
				return html`${waiting.length ? rows(waiting) : html`<${Empty}>Nothing is to be done.<//>`}
					${done.length > 0 && html`<details><summary>Done: ${done.length}</summary>${rows(done)}</details>`}`;
			}}
		<//>
		${may("contacts:write") && html`<${NewTask} path=${path} people=${people} reload=${reload} />`}
	<//>`;
}

function Task({ task, path, may, people, reload }) {
	const one = `${path}/tasks/${task.id}`;
	const { run: mark, busy, problem } = useAction(async (done) => {
		await ask("PATCH", one, { body: { done } });
		await reload();
	});
	const late = !task.done_at && task.due_at && Date.parse(task.due_at) < Date.now();
	return html`<li class="row">
		<span class="grow">${may("contacts:write") ? html`<${Check} label=${text(task.text)} checked=${Boolean(task.done_at)} onChange=${mark} disabled=${busy} />` : text(task.text)}
			<small>${task.due_at && html`until ${dateTime(task.due_at)} `}${late && html`<${Badge} tone="bad">late<//> `}${task.assignee && html`for ${personOf(people, task.assignee)} `}${task.done_at && html`done ${dateTime(task.done_at)}`}</small><${Trouble} of=${problem} /></span>
		${may("contacts:write") && html`<${Ask} label="Remove" tone="plain" question="The task is removed." act=${() => ask("DELETE", one)} then=${reload} />`}
	</li>`;
}

function NewTask({ path, people, reload }) {
	const { values, set, field } = useFields(BLANK);
	const add = async (headers) => {
		const { text, due, assignee } = values;
		await ask("POST", `${path}/tasks`, { headers, body: { text: text.trim(), ...(due && { due_at: new Date(due).toISOString() }), ...(assignee && { assignee }) } });
		set(BLANK);
		await reload();
	};
	return html`<${Form} tone="" label="Add the task" act=${add} disabled=${!values.text.trim()}>
		${field("text", "New task", { maxlength: 4000, dir: "auto" })}
		<div class="row">
			${field("due", "Until", { type: "datetime-local" })}
			${field("assignee", "For", { options: choosePerson(people, "anyone", "") })}
		</div>
		<p></p>
	<//>`;
}
