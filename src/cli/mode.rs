//! What a command line asks for, with one set of arguments for each mode.

use super::command_line::{
    Command, DoctorArgs, GraphArgs, HistoryArgs, InitArgs, PlanArgs, ReconcileArgs, RetryArgs,
    RollbackArgs, SchemaArgs, SimulateArgs, ValidateArgs,
};
use super::promote::{Dispatch, DispatchArgs, LocalArgs, LocalPromotion, PromoteArgs};
use super::shared::PathArgs;
use super::status::{
    BoardArgs, BoardFile, StatusArgs, StatusOfArgs, StatusOnDisk, StatusOnGithub, StatusQuery,
    StatusText,
};

/// A command, the way it goes: each with what it reads, and nothing else.
#[derive(Clone, Debug)]
pub enum Mode {
    /// On GitHub, by calls of its API.
    OnGithub(OnGithub),
    /// `validate`.
    Validate(ValidateArgs),
    /// `plan`.
    Plan(PlanArgs),
    /// `simulate`.
    Simulate(SimulateArgs),
    /// `graph`.
    Graph(GraphArgs),
    /// `status` of what is on this machine.
    Status(StatusOnDisk),
    /// `board` of what is on this machine.
    Board(StatusOnDisk, BoardFile),
    /// `promote --local`.
    PromoteLocal(LocalPromotion),
    /// `doctor`.
    Doctor(DoctorArgs),
    /// `init`.
    Init(InitArgs),
    /// `history`.
    History(HistoryArgs),
    /// `schema`.
    Schema(SchemaArgs),
}

/// A command that works on GitHub.
#[derive(Clone, Debug)]
pub enum OnGithub {
    /// The status of every pipeline.
    Status(StatusOnGithub),
    /// The status of every pipeline and what landed, as a page.
    Board(StatusOnGithub, BoardFile),
    /// Everything that is due.
    Reconcile(ReconcileArgs),
    /// One stage.
    Promote(Dispatch),
    /// One stage back to what it held.
    Rollback(RollbackArgs),
    /// The failed workflows of a stage's gates again.
    Retry(RetryArgs),
}

impl Command {
    /// The mode of a command. `named`: whether something other than the command line names a repository on GitHub for
    /// read-only commands.
    pub fn mode(self, named: impl FnOnce() -> bool) -> Mode {
        match self {
            Self::Validate(args) => Mode::Validate(args),
            Self::Plan(args) => Mode::Plan(args),
            Self::Simulate(args) => Mode::Simulate(args),
            Self::Graph(args) => Mode::Graph(args),
            Self::Status(args) => args.mode(named),
            Self::Board(args) => args.mode(named),
            Self::Reconcile(args) => Mode::OnGithub(OnGithub::Reconcile(args)),
            Self::Promote(args) => args.mode(),
            Self::Rollback(args) => Mode::OnGithub(OnGithub::Rollback(args)),
            Self::Retry(args) => Mode::OnGithub(OnGithub::Retry(args)),
            Self::Doctor(args) => Mode::Doctor(args),
            Self::Init(args) => Mode::Init(args),
            Self::History(args) => Mode::History(args),
            Self::Schema(args) => Mode::Schema(args),
        }
    }
}

impl PromoteArgs {
    /// What belongs to the other way was refused in parsing.
    pub(super) fn mode(self) -> Mode {
        let Self {
            pipeline,
            to,
            format,
            local,
            by_commit,
            forge,
            by_workflow,
            dispatch,
        } = self;
        match local {
            true => {
                let LocalArgs {
                    path,
                    policy,
                    at,
                    approved_by,
                } = by_commit;
                Mode::PromoteLocal(LocalPromotion {
                    place: PathArgs { path, policy },
                    at,
                    pipeline,
                    to,
                    approved_by,
                    format,
                })
            }
            false => {
                let DispatchArgs {
                    take,
                    plan,
                    approve,
                    reason,
                    emergency,
                } = dispatch;
                Mode::OnGithub(OnGithub::Promote(Dispatch {
                    forge,
                    by_workflow,
                    pipeline,
                    to,
                    take,
                    plan,
                    approve,
                    reason,
                    emergency,
                    format,
                }))
            }
        }
    }
}

impl StatusArgs {
    pub(super) fn mode(self, named: impl FnOnce() -> bool) -> Mode {
        match self.of.place(self.shown, named) {
            StatusPlace::Github(of) => Mode::OnGithub(OnGithub::Status(of)),
            StatusPlace::Disk(of) => Mode::Status(of),
        }
    }
}

impl BoardArgs {
    pub(super) fn mode(self, named: impl FnOnce() -> bool) -> Mode {
        match self.of.place(StatusText::whole(), named) {
            StatusPlace::Github(of) => Mode::OnGithub(OnGithub::Board(of, self.file)),
            StatusPlace::Disk(of) => Mode::Board(of, self.file),
        }
    }
}

/// Where a status is read.
enum StatusPlace {
    Github(StatusOnGithub),
    Disk(StatusOnDisk),
}

impl StatusOfArgs {
    fn place(self, shown: StatusText, named: impl FnOnce() -> bool) -> StatusPlace {
        let StatusText {
            short,
            waiting,
            format,
        } = shown;
        let Self {
            place,
            at,
            repository,
            checkout,
            freeze,
            pipeline,
        } = self;
        let asked = StatusQuery {
            freeze,
            pipeline,
            short,
            waiting,
            format,
        };
        let on_disk = place.path.is_some() || place.policy.is_some() || at.is_some();
        let on_github = || repository.is_some() || checkout.is_some() || named();
        match !on_disk && on_github() {
            true => StatusPlace::Github(StatusOnGithub {
                repository,
                checkout,
                asked,
            }),
            false => StatusPlace::Disk(StatusOnDisk { place, at, asked }),
        }
    }
}
