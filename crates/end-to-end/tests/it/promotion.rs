//! Promotions on the stand-in GitHub: how they are opened, replaced and kept, by whom they may be asked for, and what one run opens.

mod backwards;
mod branches;
mod by_hand;
mod commits;
mod faults;
mod labels_and_reviewers;
mod opening;
mod permissions;
mod replaced;
mod requester;
mod runs;
mod shares;
mod unreadable;
