//! From CEL text to a typed tree, or to an error with its place.
//!
//! Taken: names, whole numbers, words, `true`/`false`, comparisons, `&& || !`, `in [..]`, `+ - *`, and the four functions with
//! written-out arguments. Refused, each with its place: macros and comprehensions (cost without bound), division, indexing, maps,
//! time and string functions, floating point except as a probability.

mod functions;

use super::names::{Facts, all};
use super::{Comparison, Condition, Kind, Node, Operator, Type, Var, p_to_points};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use std::ops::Range;
use sumun_model::Weights;

/// Longest condition, bytes: a screenful. The parser behind has no cost limit of its own.
const SOURCE_BYTES_MAX: usize = 4_096;
/// Deepest nesting of brackets and operators.
const DEPTH_MAX: u16 = 48;

/// What is wrong with a condition, and where in its source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    /// Bytes of the source.
    pub at: Range<usize>,
    /// What is wrong and what to do.
    pub message: String,
}

/// Compiles a condition.
///
/// # Errors
/// It is not CEL, or uses what is not declared, or a part has the wrong type.
pub fn compile(source: &str, facts: &Facts, weights: &Weights) -> Result<Condition, ConditionError> {
    if source.len() > SOURCE_BYTES_MAX {
        let message = format!("a condition has at most {SOURCE_BYTES_MAX} bytes; split it into rules");
        return Err(ConditionError { at: 0..source.len(), message });
    }
    if let Some(at) = source.find("//") {
        let message = "a comment has no place in a condition; use TOML's `#` above it".to_owned();
        return Err(ConditionError { at: at..at + 2, message });
    }
    let parser = cel::parser::Parser::new().max_recursion_depth(DEPTH_MAX);
    let (tree, info) = parser.parse_with_source_info(source).map_err(|errors| syntax(source, &errors))?;
    let compiler = Compiler { source, info: &info, facts, weights };
    let root = compiler.node(&tree)?;
    compiler.want(&root, Type::Bool)?;
    Ok(Condition { source: source.to_owned(), root })
}

/// The first syntax error, at its place.
fn syntax(source: &str, errors: &cel::ParseErrors) -> ConditionError {
    let Some(first) = errors.errors.first() else {
        return ConditionError { at: 0..source.len(), message: "not a condition".to_owned() };
    };
    let line = usize::try_from(first.pos.0).unwrap_or(1).max(1);
    let column = usize::try_from(first.pos.1).unwrap_or(1).max(1);
    let before: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let start = (before + column - 1).min(source.len());
    let told = first.msg.lines().next().unwrap_or_default();
    // The parser lists every token it would have taken; nobody reads that.
    let told = told.split(" expecting").next().unwrap_or(told).replace("'<EOF>'", "the end");
    let told: String = told.chars().take(160).collect();
    let message = if source.trim().is_empty() {
        "an empty condition; write `true` for a rule that always applies".to_owned()
    } else {
        format!("not a condition: {}", told.trim_start_matches("Syntax error: "))
    };
    ConditionError { at: start..source.len().min(start + 1), message }
}

struct Compiler<'a> {
    source: &'a str,
    info: &'a SourceInfo,
    facts: &'a Facts,
    weights: &'a Weights,
}

impl Compiler<'_> {
    /// Where a node and what it consists of stand.
    fn place(&self, tree: &IdedExpr) -> Range<usize> {
        let own =
            self.info.offset_for(tree.id).map(|(from, to)| self.byte(from)..self.byte(to.saturating_add(1)));
        let own = own.filter(|range| range.start < range.end).unwrap_or(0..0);
        let join = |a: Range<usize>, b: Range<usize>| {
            if a.is_empty() {
                b
            } else if b.is_empty() {
                a
            } else {
                a.start.min(b.start)..a.end.max(b.end)
            }
        };
        match &tree.expr {
            Expr::Select(select) => join(self.place(&select.operand), own),
            Expr::Call(call) => {
                let parts =
                    call.target.iter().map(|t| self.place(t)).chain(call.args.iter().map(|a| self.place(a)));
                parts.fold(own, join)
            }
            _ => own,
        }
    }

    /// A character's place as a byte's.
    fn byte(&self, character: u32) -> usize {
        let character = usize::try_from(character).unwrap_or(usize::MAX);
        self.source.char_indices().nth(character).map_or(self.source.len(), |(at, _)| at)
    }

    fn wrong<T>(&self, tree: &IdedExpr, message: impl Into<String>) -> Result<T, ConditionError> {
        Err(ConditionError { at: self.place(tree), message: message.into() })
    }

    fn node(&self, tree: &IdedExpr) -> Result<Node, ConditionError> {
        let at = self.place(tree);
        let kind = match &tree.expr {
            Expr::Literal(LiteralValue::Boolean(b)) => Kind::Bool(*b.inner()),
            Expr::Literal(LiteralValue::Int(n)) => Kind::Int(*n.inner()),
            Expr::Literal(LiteralValue::String(text)) => Kind::Text(text.inner().to_owned()),
            Expr::Literal(LiteralValue::Double(_)) => {
                return self.wrong(
                    tree,
                    "a decimal stands only beside `sharing.p` or `market.p`; points are whole milli-nats",
                );
            }
            Expr::Literal(_) => {
                return self.wrong(tree, "only whole numbers, words, `true` and `false` are written here");
            }
            Expr::Ident(_) | Expr::Select(_) => return self.name(tree),
            Expr::Call(call) => self.call(tree, call)?,
            Expr::Comprehension(_) => {
                return self
                    .wrong(tree, "`all`, `exists`, `map` and `filter` are refused: their cost has no bound");
            }
            Expr::List(_) => return self.wrong(tree, "a list stands only behind `in`"),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                return self.wrong(tree, "maps and structures have no use in a condition");
            }
        };
        Ok(Node { kind, at })
    }

    fn name(&self, tree: &IdedExpr) -> Result<Node, ConditionError> {
        let Some(name) = qualified(tree) else {
            return self.wrong(
                tree,
                "only declared names have parts; `has()` is not needed: what is unknown is never true",
            );
        };
        match Var::of(&name, self.facts) {
            Some(var) => Ok(Node { kind: Kind::Var(var), at: self.place(tree) }),
            None => {
                let known = all(self.facts);
                let near = nearest(&name, known.iter().map(String::as_str));
                let advice = near.map_or_else(
                    || "declare a fact of detection's under `[facts]`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                self.wrong(tree, format!("nothing is called `{name}`; {advice}"))
            }
        }
    }

    fn call(&self, tree: &IdedExpr, call: &CallExpr) -> Result<Kind, ConditionError> {
        let comparison = |how| -> Result<Kind, ConditionError> {
            let [left, right] = call.args.as_slice() else { return self.wrong(tree, "compares two values") };
            self.compare(how, left, right)
        };
        let arithmetic = |operator| -> Result<Kind, ConditionError> {
            let (left, right) = self.pair(tree, call, Type::Int)?;
            Ok(Kind::Arithmetic(operator, left, right))
        };
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND, _) => self.pair(tree, call, Type::Bool).map(|(a, b)| Kind::And(a, b)),
            (operators::LOGICAL_OR, _) => self.pair(tree, call, Type::Bool).map(|(a, b)| Kind::Or(a, b)),
            (operators::LOGICAL_NOT, [a]) => {
                let a = self.node(a)?;
                self.want(&a, Type::Bool)?;
                Ok(Kind::Not(Box::new(a)))
            }
            (operators::NEGATE, [a]) => {
                let a = self.node(a)?;
                self.want(&a, Type::Int)?;
                Ok(Kind::Negate(Box::new(a)))
            }
            (operators::EQUALS, _) => comparison(Comparison::Equal),
            (operators::NOT_EQUALS, _) => comparison(Comparison::NotEqual),
            (operators::LESS, _) => comparison(Comparison::Less),
            (operators::LESS_EQUALS, _) => comparison(Comparison::AtMost),
            (operators::GREATER, _) => comparison(Comparison::More),
            (operators::GREATER_EQUALS, _) => comparison(Comparison::AtLeast),
            (operators::ADD, _) => arithmetic(Operator::Plus),
            (operators::SUBSTRACT, _) => arithmetic(Operator::Minus),
            (operators::MULTIPLY, _) => arithmetic(Operator::Times),
            (operators::IN, [value, list]) => self.within(value, list),
            (operators::DIVIDE | operators::MODULO, _) => {
                self.wrong(tree, "division is refused: it can fail; multiply the other side")
            }
            (operators::CONDITIONAL, _) => self.wrong(tree, "`? :` is refused; write two rules"),
            (operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT, _) => {
                self.wrong(tree, "names are written with a dot, such as `sharing.points`")
            }
            (name, args) => self.function(tree, name, call.target.as_deref(), args),
        }
    }

    fn pair(
        &self,
        tree: &IdedExpr,
        call: &CallExpr,
        kind: Type,
    ) -> Result<(Box<Node>, Box<Node>), ConditionError> {
        let [left, right] = call.args.as_slice() else { return self.wrong(tree, "joins two values") };
        let (left, right) = (self.node(left)?, self.node(right)?);
        self.want(&left, kind)?;
        self.want(&right, kind)?;
        Ok((Box::new(left), Box::new(right)))
    }

    fn compare(&self, how: Comparison, left: &IdedExpr, right: &IdedExpr) -> Result<Kind, ConditionError> {
        let (a, b) = match (decimal(left), decimal(right)) {
            (None, Some(p)) => {
                let a = self.node(left)?;
                let b = if self.kind(&a) == Type::Probability {
                    self.threshold(right, p)?
                } else {
                    self.node(right)?
                };
                (a, b)
            }
            (Some(p), None) => {
                let b = self.node(right)?;
                let a = if self.kind(&b) == Type::Probability {
                    self.threshold(left, p)?
                } else {
                    self.node(left)?
                };
                (a, b)
            }
            _ => (self.node(left)?, self.node(right)?),
        };
        let kinds = (self.kind(&a), self.kind(&b));
        if matches!((&a.kind, &b.kind), (Kind::Var(Var::Probability(_)), Kind::Var(Var::Probability(_)))) {
            return self.wrong(right, "a probability is compared with a written-out decimal such as `0.30`");
        }
        if kinds.0 != kinds.1 {
            let (a, b) = (kinds.0.as_str(), kinds.1.as_str());
            return self.wrong(right, format!("{a} cannot be compared with {b}"));
        }
        if matches!(kinds.0, Type::Bool | Type::Text)
            && !matches!(how, Comparison::Equal | Comparison::NotEqual)
        {
            return self.wrong(right, format!("{} has no order; use `==` or `!=`", kinds.0.as_str()));
        }
        self.known_word(&a, &b, right)?;
        self.known_word(&b, &a, left)?;
        Ok(Kind::Compare(how, Box::new(a), Box::new(b)))
    }

    /// A word that a name can never be is a slip.
    fn known_word(&self, name: &Node, word: &Node, at: &IdedExpr) -> Result<(), ConditionError> {
        let (Kind::Var(var), Kind::Text(word)) = (&name.kind, &word.kind) else { return Ok(()) };
        let Some(words) = var.words() else { return Ok(()) };
        if words.contains(&word.as_str()) {
            return Ok(());
        }
        self.wrong(at, format!("`{var}` is never `{word}`; it is one of {}", words.join(", ")))
    }

    fn threshold(&self, tree: &IdedExpr, p: f64) -> Result<Node, ConditionError> {
        let ten_thousandths = p * 10_000.0;
        let rounded = libm::round(ten_thousandths);
        if libm::fabs(ten_thousandths - rounded) > 1e-6 || !(1.0..=9_999.0).contains(&rounded) {
            return self
                .wrong(tree, "a probability lies within 0.0001 and 0.9999 and has at most four decimals");
        }
        let at = self.place(tree);
        let text = self.source.get(at.clone()).filter(|t| t.parse::<f64>() == Ok(p));
        let text = text.map_or_else(|| p.to_string(), ToOwned::to_owned);
        Ok(Node { kind: Kind::Threshold(text, p_to_points(p, self.weights)), at })
    }

    fn want(&self, node: &Node, kind: Type) -> Result<(), ConditionError> {
        let found = self.kind(node);
        if found == kind {
            return Ok(());
        }
        let message = format!("`{node}` is {}, where {} is wanted", found.as_str(), kind.as_str());
        Err(ConditionError { at: node.at.clone(), message })
    }

    #[expect(clippy::unused_self, reason = "reads beside the other questions")]
    fn kind(&self, node: &Node) -> Type {
        match &node.kind {
            Kind::Bool(_)
            | Kind::Not(_)
            | Kind::And(..)
            | Kind::Or(..)
            | Kind::Compare(..)
            | Kind::In(..) => Type::Bool,
            Kind::Int(_) | Kind::Call(..) | Kind::Arithmetic(..) | Kind::Negate(_) => Type::Int,
            Kind::Threshold(..) => Type::Probability,
            Kind::Text(_) => Type::Text,
            Kind::Var(var) => var.kind(),
        }
    }
}

/// `a.b.c` of selections on a name.
fn qualified(tree: &IdedExpr) -> Option<String> {
    match &tree.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", qualified(&select.operand)?, select.field))
        }
        _ => None,
    }
}

fn decimal(tree: &IdedExpr) -> Option<f64> {
    match &tree.expr {
        Expr::Literal(LiteralValue::Double(d)) => Some(*d.inner()),
        _ => None,
    }
}

/// The nearest known name, if one is near.
pub(crate) fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(found, word), word))
        .filter(|(edits, word)| *edits <= 3 && 2 * edits < word.len().max(found.len()))
        .min()
        .map(|(_, word)| word)
}
