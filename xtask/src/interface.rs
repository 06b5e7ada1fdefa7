//! `cargo xtask interface`: calls that nobody thought of, by each role, from the description of the interface.

use std::process::Command;

use crate::failure::Result;
use crate::house::House;
use crate::{process, tools};

/// Builds the server, and has schemathesis call it as each role.
pub fn run(house: &House, examples: Option<u32>) -> Result<()> {
    process::run(&mut house.cargo(&["build", "--locked", "--workspace", "--exclude", "xtask", "--all-targets"]))?;
    let mut node = Command::new("node");
    node.arg(house.root.join("tests/interface/roles.mjs")).arg(tools::schemathesis(house)?);
    if let Some(examples) = examples {
        node.arg(examples.to_string());
    }
    process::run(node.env("TSUDOI_SERVER_BINARY", house.debug_binary("tsudoi-server")))
}
