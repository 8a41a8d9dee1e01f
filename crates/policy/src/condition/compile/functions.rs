//! `in`, and the four functions.

use super::{Compiler, ConditionError, qualified};
use crate::condition::{Argument, Function, Kind, Type};
use cel::common::ast::{Expr, IdedExpr};
use sumun_model::ScoreKind;

impl Compiler<'_> {
    pub(super) fn within(&self, value: &IdedExpr, list: &IdedExpr) -> Result<Kind, ConditionError> {
        let Expr::List(written) = &list.expr else {
            return self
                .wrong(list, "behind `in` stands a written-out list such as [\"retail\", \"corporate\"]");
        };
        let value = self.node(value)?;
        let kind = self.kind(&value);
        if !matches!(kind, Type::Text | Type::Int) {
            return self.wrong(list, format!("{} has no list", kind.as_str()));
        }
        let mut nodes = Vec::with_capacity(written.elements.len());
        for element in &written.elements {
            let node = self.node(element)?;
            if !matches!(node.kind, Kind::Int(_) | Kind::Text(_)) {
                return self.wrong(element, "a list holds written-out values");
            }
            self.want(&node, kind)?;
            self.known_word(&value, &node, element)?;
            nodes.push(node);
        }
        Ok(Kind::In(Box::new(value), nodes))
    }

    pub(super) fn function(
        &self,
        tree: &IdedExpr,
        name: &str,
        target: Option<&IdedExpr>,
        args: &[IdedExpr],
    ) -> Result<Kind, ConditionError> {
        let score = match target {
            None => None,
            Some(target) => match qualified(target).and_then(|name| name.parse::<ScoreKind>().ok()) {
                Some(score) => Some(score),
                None => return self.wrong(tree, format!("`{name}` is not asked of that")),
            },
        };
        let (function, argument) = match (name, score) {
            ("families_over", score) => (Function::FamiliesOver(score), Type::Int),
            ("caused_by", None) => (Function::CausedBy, Type::Text),
            ("seen", None) => (Function::Seen, Type::Text),
            ("days_of", None) => (Function::DaysOf, Type::Text),
            _ => {
                return self.wrong(
                    tree,
                    format!(
                        "there is no function `{name}`; there are families_over, caused_by, seen and days_of"
                    ),
                );
            }
        };
        let [arg] = args else { return self.wrong(tree, format!("`{name}` takes one value")) };
        let node = self.node(arg)?;
        self.want(&node, argument)?;
        let argument = match node.kind {
            Kind::Int(n) => Argument::Int(n),
            Kind::Text(text) => Argument::Text(text),
            _ => return self.wrong(arg, format!("`{name}` takes a written-out value")),
        };
        if let (Function::CausedBy, Argument::Text(word)) = (function, &argument)
            && let Err(error) = word.parse::<sumun_model::Cause>()
        {
            return self.wrong(arg, error.to_string());
        }
        Ok(Kind::Call(function, argument))
    }
}
