import { Sheet, Trouble, ask, duration, html, useEffect, useRef, useState } from "../lib/all.js";

/** Plays the recording, and shows who spoke when. */
export function Player({ path, recording, turns, seek, onPlay }) {
	const audio = useRef(null);
	const [link, setLink] = useState({ url: "", at: 0 });
	const [problem, setProblem] = useState(null);
	const [ms, setMs] = useState(0);
	// A link is good for some minutes. When it is refused a new one takes its place at the same position.
	const fetchLink = async (position) => {
		try {
			const { data } = await ask("GET", `${path}/recording`);
			setLink({ url: data.url, at: position });
			setProblem(null);
		} catch (problem) {
			setProblem(problem);
		}
	};
	useEffect(() => {
		fetchLink(0);
	}, [path]);
	useEffect(() => {
		if (!seek.n || !audio.current) return;
		audio.current.currentTime = seek.ms / 1_000;
		audio.current.play().catch(() => {});
	}, [seek.n]);
	const failed = useRef(0);
	const broken = () => {
		if (failed.current++ < 3) fetchLink(audio.current?.currentTime ?? 0);
		else setProblem({ title: "not playable", message: "The recording cannot be played. Load the page again." });
	};
	const moved = () => {
		const element = audio.current;
		if (!element) return;
		failed.current = 0;
		setMs(element.currentTime * 1_000);
		onPlay({ ms: element.currentTime * 1_000, playing: !element.paused });
	};
	const ready = () => {
		if (audio.current && link.at) audio.current.currentTime = link.at;
	};
	const keyed = (event) => {
		const step = { ArrowLeft: -5, ArrowRight: 5 }[event.key];
		if (!step || !audio.current) return;
		event.preventDefault();
		audio.current.currentTime += step;
	};
	return html`<${Sheet} title="Recording">
		<${Trouble} of=${problem} again=${() => fetchLink(ms / 1_000)} />
		<div onKeyDown=${keyed}>
			<${Lanes} turns=${turns} length=${recording.duration_ms} ms=${ms} onSeek=${(to) => audio.current && (audio.current.currentTime = to / 1_000)} />
			${link.url && html`<audio ref=${audio} controls preload="metadata" src=${link.url} aria-label="Recording of the call" onTimeUpdate=${moved} onPause=${moved} onLoadedMetadata=${ready} onError=${broken}></audio>`}
		</div>
		<p class="small">The caller is above and on the left channel, the agent below and on the right one.</p>
	<//>`;
}

/** Two lanes, one for each side, with what was said as bars. */
function Lanes({ turns, length, ms, onSeek }) {
	const width = 1_000;
	const x = (at) => (Math.min(at, length) / Math.max(1, length)) * width;
	const bar = ({ speaker, from, heard_ms, spoken_ms }) => {
		const [top, long] = speaker === "agent" ? [34, heard_ms] : [2, spoken_ms];
		return long > 0 && html`<rect class=${speaker} x=${x(from)} y=${top} width=${Math.max(1, x(from + long) - x(from))} height="24" rx="3"></rect>`;
	};
	const clicked = (event) => {
		const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
		onSeek(((event.clientX - box.left) / box.width) * length);
	};
	return html`<svg class="lanes" viewBox=${`0 0 ${width} 60`} preserveAspectRatio="none" role="img" aria-label=${`Who spoke when, in ${duration(length / 1_000)}`} onClick=${clicked}>
		${turns.map(bar)}
		<line class="head" x1=${x(ms)} x2=${x(ms)} y1="0" y2="60"></line>
	</svg>`;
}
