//! `switchboard tool-key`: the key with which a business tells our requests to its tools from forged ones.

use anyhow::Context as _;
use clap::Args;
use domain::token::TokenKey;
use domain::{BusinessId, Secret};
use providers::tool_http::ToolClient;

use super::say;

#[derive(Debug, Args)]
pub(super) struct ToolKey {
    /// The business's id
    business: String,
    /// The deployment's key that all of them are derived from
    #[arg(long, env = "STREAM_TOKEN_KEY", hide_env_values = true, value_name = "KEY")]
    stream_token_key: String,
}

pub(super) fn run(args: ToolKey) -> anyhow::Result<()> {
    let business = BusinessId::parse(&args.business).context("that is no id of a business")?;
    let key = TokenKey::new(Secret::new(args.stream_token_key))?;
    say(ToolClient::signing_key(&key, &business).expose())?;
    Ok(())
}
