//! The origin of a service's git: `git.url`, or the `GitRepository` behind `repositoryRef`.

use super::identity::RepositoryIdentity;
use super::resolve::Resolver;
use crate::model::origin::Origin;
use crate::model::reference::Kind;
use crate::model::service::Service;

impl Resolver<'_> {
    /// The repository that the service takes git from; `None` if it has no `spec.git`.
    pub(crate) fn origin_of(
        &self,
        service: &Service,
        identity: &RepositoryIdentity,
    ) -> Option<Origin> {
        let git = service.git.as_ref()?;
        if let Some(url) = &git.url {
            return Some(identity.origin_of(url));
        }
        let Some(reference) = &service.repository else {
            return Some(Origin::Unsaid);
        };
        let mut found = self.repositories(&reference.name);
        Some(match (found.next(), found.next()) {
            (Some(repository), None) => match &repository.url {
                Some(url) => identity.origin_of(url),
                None => Origin::Unreadable(format!("{} has no spec.url", repository.place)),
            },
            (Some(one), Some(other)) => Origin::Unreadable(format!(
                "GitRepository {} is defined twice: {} and {}",
                reference.name, one.place, other.place
            )),
            (None, _)
                if !self
                    .broken_files_with(Kind::GitRepository, &reference.name)
                    .is_empty() =>
            {
                let files = self.broken_files_with(Kind::GitRepository, &reference.name);
                let files: Vec<String> = files.iter().map(|file| file.to_string()).collect();
                Origin::Unreadable(format!(
                    "GitRepository {} may be in a file that could not be read: {}",
                    reference.name,
                    files.join(", ")
                ))
            }
            (None, _) => Origin::Unknown {
                kind: reference
                    .kind
                    .clone()
                    .unwrap_or_else(|| "GitRepository".to_owned()),
                namespace: reference.namespace.clone(),
                name: reference.name.clone(),
            },
        })
    }
}
