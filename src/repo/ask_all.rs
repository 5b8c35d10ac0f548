//! Asking for everything before waiting for anything.

/// Several questions of which some may still have to be fetched. All of them are asked before the first that has no
/// answer ends the look, so that they are fetched in one round and not in one round each.
#[derive(Debug)]
pub(crate) struct AskAll<E> {
    unanswered: Option<E>,
}

impl<E> AskAll<E> {
    /// Nothing was asked yet.
    pub(crate) fn new() -> Self {
        Self { unanswered: None }
    }

    /// The answer; `None` if there is none, and the next question is to be asked all the same.
    pub(crate) fn ask<T>(&mut self, answer: Result<T, E>) -> Option<T> {
        answer.map_err(|error| self.unanswered = Some(error)).ok()
    }

    /// `found`, if every question was answered.
    ///
    /// # Errors
    /// That of the last question that was not answered.
    pub(crate) fn answered<T>(self, found: T) -> Result<T, E> {
        self.unanswered.map_or(Ok(found), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_is_asked_and_the_last_without_an_answer_is_reported() {
        let mut all = AskAll::new();
        let answers = [Ok(1), Err("a"), Ok(2), Err("b"), Ok(3)];
        let found: Vec<i32> = answers.into_iter().filter_map(|one| all.ask(one)).collect();
        assert_eq!(found, [1, 2, 3]);
        assert_eq!(all.answered(found), Err("b"));
        assert_eq!(AskAll::<&str>::new().answered(7), Ok(7));
    }
}
