//! From a parsed command line to the command that carries it out.

use jiff::Timestamp;

use super::call::Call;
use super::on_github::RunContext;
use super::output::Output;
use super::runtime::runtime;
use super::{
    board, doctor, graph, history, init, on_github, plan, promote_local, schema, simulate, status,
    validate,
};
use crate::cli::{
    Cli, Format, GraphArgs, HistoryArgs, InitArgs, LocalPromotion, Mode, PathArgs, PlanArgs,
    SchemaArgs, SimulateArgs, StatusOnDisk, ValidateArgs,
};
use crate::error::Failure;
use crate::forge::Patience;
use crate::report::style::Style;
use crate::runner::{Environment, Stop};
use crate::session::leads_to_github;

/// Carries out a command. `now` is the time if the call does not give one.
pub fn execute(
    cli: Cli,
    now: Timestamp,
    style: Style,
    environment: &Environment,
) -> Result<Output, Failure> {
    let call =
        |place, format, at: Option<Timestamp>| Call::new(place, format, at.unwrap_or(now), style);
    match cli.command.mode(|| leads_to_github(environment)) {
        Mode::OnGithub(command) => {
            let on = RunContext {
                environment,
                patience: Patience::default(),
                stop: Stop::on_signals()?.flag(),
                read_only: None,
                repository_size: None,
            };
            let ran = runtime()?.block_on(on_github::execute(command, &on))?;
            Ok(ran.styled(style).output())
        }
        Mode::Validate(ValidateArgs {
            place,
            format,
            at,
            fix,
        }) => call(place, format, at)?.print(|call| validate::run(call, fix)),
        Mode::Plan(PlanArgs {
            place,
            format,
            at,
            diff,
            why,
        }) => {
            if format == Format::Json && (diff || why) {
                return Err(Failure::usage(
                    "--diff and --why are for people: the document of --format json always contains changes, files and lines",
                )
                .hint("remove one of the two"));
            }
            call(place, format, at)?.print(|call| plan::run(call, diff, why))
        }
        Mode::Simulate(SimulateArgs {
            place,
            format,
            at,
            approve,
            out,
            repo,
            until,
            promote,
        }) => {
            let asked = simulate::SimulateOptions {
                approve,
                out,
                until,
                promote,
                repos: repo,
            };
            call(place, format, at)?.print(|call| simulate::run(call, asked))
        }
        Mode::Graph(GraphArgs { place, format }) => call(place, format, None)?.print(graph::run),
        Mode::Status(StatusOnDisk { place, at, asked }) => {
            let call = call(place, asked.format, at)?;
            call.print(|call| status::run(call, asked))
        }
        Mode::Board(StatusOnDisk { place, at, asked }, file) => {
            let call = call(place, asked.format, at)?;
            call.print(|call| board::run(call, asked, &file, environment))
        }
        Mode::PromoteLocal(LocalPromotion {
            place,
            at,
            pipeline,
            to,
            approved_by,
            format,
        }) => {
            let call = call(place, format, at)?;
            call.print(|call| promote_local::run(call, &pipeline, &to, approved_by))
        }
        Mode::Doctor(args) => doctor::run(args, now, style, environment),
        Mode::Init(InitArgs {
            path,
            write,
            format,
        }) => {
            let place = PathArgs { path, policy: None };
            call(place, format, None)?.print(|call| init::run(call, write))
        }
        Mode::History(HistoryArgs {
            place,
            format,
            verify,
            pipeline,
            to,
            since,
            limit,
        }) => {
            let asked = history::HistoryOptions {
                verify,
                pipeline,
                to,
                since,
                limit: limit.map(std::num::NonZeroUsize::get),
            };
            call(place, format, None)?.print(|call| history::run(call, asked))
        }
        Mode::Schema(SchemaArgs { format }) => Ok(schema::run(format)),
    }
}
