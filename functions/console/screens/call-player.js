import { Sheet, Trouble, ask, duration, html, useEffect, useRef, useState } from "../lib/all.js";

/** The volumes of the two channels of what an element plays, which from here on is heard through them. */
function mixerOf(element) {
	const context = new AudioContext();
	const channels = context.createChannelSplitter(2);
	const both = context.createChannelMerger(2);
	context.createMediaElementSource(element).connect(channels);
	const gains = [0, 1].map((channel) => {
		const gain = context.createGain();
		channels.connect(gain, channel).connect(both, 0, channel);
		return gain;
	});
	both.connect(context.destination);
	return { context, gains };
}

/** Plays the recording, and shows who spoke when and how loud. */
export function Player({ path, recording, turns, seek, onPlay }) {
	const audio = useRef(null);
	const mixer = useRef(null);
	const [muted, setMuted] = useState([false, false]);
	const [link, setLink] = useState({ url: "", at: 0, waveform: null });
	const [problem, setProblem] = useState(null);
	const [ms, setMs] = useState(0);
	// A link is good for some minutes. When it is refused a new one takes its place at the same position.
	const fetchLink = async (position) => {
		try {
			const { data } = await ask("GET", `${path}/recording`);
			setLink({ url: data.url, at: position, waveform: data.waveform });
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
	useEffect(() => {
		// Until a speaker is muted the browser plays the file by itself.
		if (!mixer.current && !muted.includes(true)) return;
		mixer.current ??= mixerOf(audio.current);
		mixer.current.context.resume();
		muted.forEach((silent, channel) => (mixer.current.gains[channel].gain.value = silent ? 0 : 1));
	}, [muted]);
	useEffect(() => () => mixer.current?.context.close(), []);
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
			<${Lanes} turns=${turns} waveform=${link.waveform} length=${recording.duration_ms} ms=${ms} onSeek=${(to) => audio.current && (audio.current.currentTime = to / 1_000)} />
			${link.url && html`<audio ref=${audio} controls preload="metadata" crossorigin="anonymous" src=${link.url} aria-label="Recording of the call" onTimeUpdate=${moved} onPause=${moved} onLoadedMetadata=${ready} onError=${broken}></audio>`}
		</div>
		${recording.channels === 2 &&
		html`<div class="row">
			${(recording.source === "Trunking" ? ["agent", "caller"] : ["caller", "agent"]).map(
				(speaker, channel) => html`<button type="button" disabled=${!link.url} aria-pressed=${muted[channel]} onClick=${() => setMuted(muted.map((silent, n) => silent !== (n === channel)))}>Mute the ${speaker}</button>`,
			)}
			<span>${duration(Math.floor(ms / 1_000))} of ${duration(recording.duration_ms / 1_000)}</span>
		</div>`}
		<p class="small">The caller is above, the agent below.</p>
	<//>`;
}

/** Two lanes, one for each side, with what was said as bars, and how loud it was if that is known. */
function Lanes({ turns, waveform, length, ms, onSeek }) {
	const width = 1_000;
	const x = (at) => (Math.min(at, length) / Math.max(1, length)) * width;
	const bar = ({ speaker, from, heard_ms, spoken_ms }) => {
		const [top, long] = speaker === "agent" ? [34, heard_ms] : [2, spoken_ms];
		return long > 0 && html`<rect class=${speaker} x=${x(from)} y=${top} width=${Math.max(1, x(from + long) - x(from))} height="24" rx="3"></rect>`;
	};
	// Loudness is heard by its logarithm; a root comes near enough to that for a picture.
	const peak = (middle) => (loud, n) => {
		const half = 14 * Math.sqrt(loud / 255);
		return `M${x((n + 0.5) * waveform.milliseconds_per_peak).toFixed(1)} ${(middle - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
	};
	const wave = (speaker, middle) => waveform && html`<path class=${speaker} d=${waveform[speaker].map(peak(middle)).join("")}></path>`;
	const clicked = (event) => {
		const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
		onSeek(((event.clientX - box.left) / box.width) * length);
	};
	return html`<svg class=${`lanes ${waveform ? "loud" : ""}`} viewBox=${`0 0 ${width} 60`} preserveAspectRatio="none" role="img" aria-label=${`Who spoke when, in ${duration(length / 1_000)}`} onClick=${clicked}>
		${turns.map(bar)} ${wave("caller", 14)} ${wave("agent", 46)}
		<line class="head" x1=${x(ms)} x2=${x(ms)} y1="0" y2="60"></line>
	</svg>`;
}
