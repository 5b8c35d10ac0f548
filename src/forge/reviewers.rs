//! Requests for reviews: those of a whole run by one document, and one by one in REST.

use http::Method;
use serde_json::{Map, Value, json};

use super::error::ForgeError;
use super::writer::Writer;
use crate::model::ids::PullNumber;

/// Who is asked to review in one request. A team that the token cannot see refuses the whole request, so people and
/// teams are requested apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reviewers {
    /// People, by login.
    People(Vec<String>),
    /// Teams of the repository's organization, by slug.
    Teams(Vec<String>),
}

impl Reviewers {
    /// Their logins or slugs.
    pub fn names(&self) -> &[String] {
        match self {
            Self::People(names) | Self::Teams(names) => names,
        }
    }
}

/// A request for reviews of one pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRequest {
    /// The pull request.
    pub number: PullNumber,
    /// Who is to review it.
    pub reviewers: Reviewers,
}

/// At most this many requests in one document. GitHub publishes no limit; this one is ours.
const MOST_REQUESTS: usize = 50;

impl Writer {
    /// Requests several reviews by one document, one mutation each, so that they are one paced write. Whether each was
    /// certainly made. One that was not is requested by [`Self::request_review`], whose answer says why it cannot be.
    pub async fn request_reviews(&self, requests: &[ReviewRequest]) -> Vec<bool> {
        let mut made = Vec::new();
        for part in requests.chunks(MOST_REQUESTS) {
            match part {
                // It needs the IDs to be looked up first.
                [_] => made.push(false),
                several => made.extend(self.request_together(several).await),
            }
        }
        made
    }

    async fn request_together(&self, requests: &[ReviewRequest]) -> Vec<bool> {
        let none = vec![false; requests.len()];
        let Ok(inputs) = self.review_inputs(requests).await else {
            return none;
        };
        let mut variables = Map::new();
        let (mut declared, mut fields) = (String::new(), String::new());
        for (index, input) in inputs.into_iter().enumerate() {
            let Some(input) = input else { continue };
            variables.insert(format!("i{index}"), input);
            declared += &format!("$i{index}: RequestReviewsInput! ");
            fields +=
                &format!("r{index}: requestReviews(input: $i{index}) {{ clientMutationId }} ");
        }
        if variables.is_empty() {
            return none;
        }
        let query = format!("mutation({declared}) {{ {fields} }}");
        let operation = format!("request reviews of {} pull requests", variables.len());
        let answer = self.try_mutation(&query, Value::Object(variables), &operation);
        let Ok((data, _, _)) = answer.await else {
            return none;
        };
        let is_made = |index: usize| data[format!("r{index}")].is_object();
        (0..requests.len()).map(is_made).collect()
    }

    /// The input of each mutation; `None` if GitHub does not show the ID of the pull request or of one of those who are
    /// to review it.
    async fn review_inputs(
        &self,
        requests: &[ReviewRequest],
    ) -> Result<Vec<Option<Value>>, ForgeError> {
        let slug = self.forge.slug();
        let mut variables = Map::new();
        variables.insert("owner".to_owned(), json!(slug.owner()));
        variables.insert("name".to_owned(), json!(slug.name()));
        let mut declared = String::from("$owner: String! $name: String! ");
        let (mut pulls, mut people, mut teams) = (String::new(), String::new(), String::new());
        for (index, request) in requests.iter().enumerate() {
            variables.insert(format!("p{index}"), json!(request.number.0));
            declared += &format!("$p{index}: Int! ");
            pulls += &format!("p{index}: pullRequest(number: $p{index}) {{ id }} ");
        }
        let named = distinct(requests);
        for (index, (is_team, name)) in named.iter().enumerate() {
            variables.insert(format!("n{index}"), json!(name));
            declared += &format!("$n{index}: String! ");
            match is_team {
                true => teams += &format!("n{index}: team(slug: $n{index}) {{ id }} "),
                false => people += &format!("n{index}: user(login: $n{index}) {{ id }} "),
            }
        }
        let teams = match teams.is_empty() {
            true => teams,
            false => format!("organization(login: $owner) {{ {teams} }}"),
        };
        let query = format!(
            "query({declared}) {{ repository(owner: $owner, name: $name) {{ {pulls} }} {people} {teams} }}"
        );
        let operation = "look up reviewers";
        let (data, _, _) = self
            .forge
            .query_partial(&query, Value::Object(variables), operation)
            .await?;
        let id = |place: &Value| place["id"].as_str().map(str::to_owned);
        let of_name = |is_team: bool, name: &String| {
            let index = named.iter().position(|known| *known == (is_team, name))?;
            let alias = format!("n{index}");
            id(match is_team {
                true => &data["organization"][&alias],
                false => &data[&alias],
            })
        };
        let input = |(index, request): (usize, &ReviewRequest)| {
            let is_team = matches!(request.reviewers, Reviewers::Teams(_));
            let names = request.reviewers.names().iter();
            let ids: Vec<String> = names
                .map(|name| of_name(is_team, name))
                .collect::<Option<_>>()?;
            let (users, teams) = match is_team {
                true => (Vec::new(), ids),
                false => (ids, Vec::new()),
            };
            Some(json!({
                "pullRequestId": id(&data["repository"][format!("p{index}")])?,
                "userIds": users,
                "teamIds": teams,
                "union": true,
            }))
        };
        Ok(requests.iter().enumerate().map(input).collect())
    }

    /// Requests reviews of one pull request. GitHub asks all of them or, if one cannot be asked, no one.
    ///
    /// # Errors
    /// Any [`ForgeError`]; a refusal has GitHub's reason why no one was asked.
    pub async fn request_review(&self, request: &ReviewRequest) -> Result<(), ForgeError> {
        let number = request.number;
        let path = format!("/pulls/{}/requested_reviewers", number.0);
        let body = match &request.reviewers {
            Reviewers::People(logins) => json!({ "reviewers": logins }),
            Reviewers::Teams(slugs) => json!({ "team_reviewers": slugs }),
        };
        let (path, operation) = (
            self.forge.path(&path),
            format!("request reviews of {number}"),
        );
        self.write_again(Method::POST, path, Some(body), &operation)
            .await?;
        Ok(())
    }
}

/// Everyone who is named, once: whether it is a team, and the login or slug.
fn distinct(requests: &[ReviewRequest]) -> Vec<(bool, &String)> {
    let mut all: Vec<(bool, &String)> = requests
        .iter()
        .flat_map(|request| {
            let is_team = matches!(request.reviewers, Reviewers::Teams(_));
            let names = request.reviewers.names().iter();
            names.map(move |name| (is_team, name))
        })
        .collect();
    all.sort();
    all.dedup();
    all
}
