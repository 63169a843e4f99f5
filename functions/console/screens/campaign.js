// One campaign: made, prepared, and watched while it calls.
import { Head, Loaded, html, later, of, text, to, useEffect, useLoad, useState } from "../lib/all.js";
import { OVER, PREPARED, Stand } from "./campaign-words.js";

const NewCampaign = later("campaign-new NewCampaign");
const Prepare = later("campaign-prepare Prepare");
const Progress = later("campaign-progress Progress");

/** How often it is asked for, ms: one that waits for a person changes seldom by itself. */
const pace = ({ state, progress }) => (OVER.includes(state) ? (progress.goal?.awaited ? 30_000 : 0) : state === "checking" ? 1_000 : ["draft", "ready", "paused"].includes(state) ? 10_000 : 3_000);

/** The campaign of the address, or a new one. */
export const CampaignPage = (props) => (props.one === "new" ? (props.may("campaigns:write") ? html`<${NewCampaign} ...${props} />` : html`<${Head} title="New campaign" /><p>The key that you signed in with has no scope for it.</p>`) : html`<${One} ...${props} />`);

function One({ business, one: id, may, query }) {
	const path = of(business, `/campaigns/${encodeURIComponent(id)}`);
	const [every, setEvery] = useState(3_000);
	const campaign = useLoad(path, every);
	useEffect(() => {
		if (campaign.data) setEvery(pace(campaign.data));
	}, [campaign.data]);
	return html`<${Head} title=${campaign.data ? text(campaign.data.name) : "Campaign"}>
			<p class="small" role="status">${campaign.data && html`<${Stand} of=${campaign.data.state} /> `}</p>
			<p class="small"><a href=${to(["b", business, "campaigns"])}>All campaigns</a></p>
		<//>
		<${Loaded} of=${campaign}>
			${(data) => {
				const one = { business, may, query, path, campaign: data, etag: campaign.etag, reload: campaign.reload };
				return PREPARED.includes(data.state) ? html`<${Prepare} ...${one} />` : html`<${Progress} ...${one} />`;
			}}
		<//>`;
}
