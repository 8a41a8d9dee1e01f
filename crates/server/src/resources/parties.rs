//! Who stands behind keys. Each kind is put wholly, read singly, and listed; customers see their own.

mod accounts;
mod customers;
mod delegations;
mod operators;
mod persons;
mod vendors;

use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::problem::Problem;
use crate::view::{page, view};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sumun_govern::parties::Party;

pub(crate) fn add(api: &mut Api) {
    customers::add(api);
    persons::add(api);
    accounts::add(api);
    operators::add(api);
    vendors::add(api);
    delegations::add(api);
}

/// What every view of a party has.
trait PartyView: Serialize + DeserializeOwned {
    fn id(&self) -> &str;
    fn version(&self) -> i64;
}

macro_rules! party_view {
    ($view:ident, $id:ident) => {
        impl super::PartyView for $view {
            fn id(&self) -> &str {
                &self.$id
            }
            fn version(&self) -> i64 {
                self.version
            }
        }
    };
}
use party_view;

/// One party by the parameter of the path, as its view.
async fn one<P: Party, V: PartyView>(asked: &Asked, parameter: &str) -> Result<Answer, Problem> {
    let id = asked.path(parameter)?;
    let party: P = asked.server.govern.party(asked.actor()?, id).await?;
    shown::<V>(&party)
}

/// A party as its view, with its version.
fn shown<V: PartyView>(party: &impl Serialize) -> Result<Answer, Problem> {
    let view: V = view(party)?;
    Ok(Answer::ok(&view)?.version(view.version()))
}

/// A page of parties as their views. These parameters of the query narrow it, by the columns of their names.
async fn list<P: Party, V: PartyView>(asked: &Asked, columns: &[&'static str]) -> Result<Answer, Problem> {
    let equals: Vec<(&'static str, Value)> =
        columns.iter().filter_map(|column| Some((*column, json!(asked.query(column)?)))).collect();
    let wanted = asked.page();
    let parties: Vec<P> =
        asked.server.govern.parties(asked.actor()?, equals, wanted.after, wanted.limit).await?;
    let views = parties.iter().map(view::<V>).collect::<Result<Vec<_>, _>>()?;
    Answer::ok(&page(views, asked.limit(), |last| last.id().to_owned()))
}
