//! Running the tools about appointments. What they do is in `stores::appointments::desk`, the same for calls and texts.

use std::time::{Duration, Instant};

use domain::CallPlan;
use platform::rate_limit::RateLimited;
use providers::toolbox::{self, error, not_known};
use serde_json::Value;
use stores::appointments::desk::AppointmentRequest;
use tokio::time::timeout;

use super::{ToolInvocation, fitting_own};
use crate::ports::Ports;

/// How long the store may take. The caller hears that it takes a while long before, and the session answers for the tool
/// later.
const WAIT: Duration = Duration::from_secs(6);

/// Runs one of the tools. `None`: another tool was called.
pub(super) async fn run<P: Ports>(
    ports: &P,
    plan: &CallPlan,
    call: &ToolInvocation,
    troubles: &RateLimited,
) -> Option<Value> {
    toolbox::parameters(&plan.tools, &call.name)?;
    let request = match fitting_own(&plan.tools, &call.name, &call.arguments)
        .and_then(|arguments| read(&call.name, arguments))
    {
        Ok(request) => request,
        Err(complaint) => return Some(complaint),
    };
    let trouble = match timeout(WAIT, ports.appointments(plan, &request)).await {
        Ok(Ok(answer)) => match serde_json::to_value(&answer) {
            Ok(answer) => return Some(answer),
            Err(error) => error.to_string(),
        },
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the store did not answer in time".to_owned(),
    };
    if let Some(others) = troubles.admit(Instant::now()) {
        tracing::error!(call = %plan.call, tool = call.name, %trouble, others, "a tool about appointments failed");
    }
    Some(not_known())
}

fn read(name: &str, arguments: Value) -> Result<AppointmentRequest, Value> {
    let read = AppointmentRequest::read(name, arguments);
    read.ok_or_else(|| error("unknown_tool", "there is no such tool"))?.map_err(|_| {
        error("invalid_arguments", "an hour is written like `16:30`, `4:30pm`, or `4` if it has two meanings")
    })
}
