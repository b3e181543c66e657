//! Random histories of forms, media, time and policy, against a model that is too simple to be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{FormChange, FormTerms, NameOrder};
use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, FormId, MediaId, MediaReference};
use strongroom_core::job::JobKind;
use strongroom_core::media::MediaStatus;
use strongroom_core::release_form::{Consent, ConsentPolicy, FormStatus};
use strongroom_core::rendition::RenditionName;

use super::consent::{actor, attaching, form_of, page, set_policy, terms, url_version};
use super::fixtures::{completed, facts, tenant};
use super::{at, race};

const STEPS: usize = 15;
const MEDIA: usize = 2;

fn day(number: u64) -> Timestamp {
    at(0).after(Duration::from_secs(24 * 3600) * u32::try_from(number).unwrap())
}

/// The numbers of Marsaglia's xorshift64: the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn some_below(&mut self, limit: usize) -> BTreeSet<usize> {
        (0..limit).filter(|_| self.below(2) == 0).collect()
    }

    fn maybe_day(&mut self, from: u64) -> Option<u64> {
        (self.below(4) == 0).then(|| from + self.below(60) as u64)
    }
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Create { valid_from: Option<u64>, expires_at: Option<u64> },
    Approve(usize),
    Revoke(usize),
    Change { form: usize, valid_from: Option<u64>, expires_at: Option<u64> },
    Delete(usize),
    Attach { media: BTreeSet<usize>, forms: BTreeSet<usize> },
    Replace { media: usize, forms: BTreeSet<usize> },
    Wait(u64),
    Sweep,
    Policy(ConsentPolicy),
}

#[derive(Debug, Clone, Default)]
struct ModelForm {
    is_approved: bool,
    is_revoked: bool,
    is_deleted: bool,
    is_told: bool,
    valid_from: Option<u64>,
    expires_at: Option<u64>,
    log_rows: usize,
}

impl ModelForm {
    fn is_over(&self, today: u64) -> bool {
        self.expires_at.is_some_and(|end| end <= today)
    }

    fn is_good(&self, today: u64) -> bool {
        self.is_approved
            && !self.is_revoked
            && !self.is_over(today)
            && self.valid_from.is_none_or(|begin| begin <= today)
    }

    fn status(&self, today: u64) -> FormStatus {
        match (self.is_revoked, self.is_over(today), self.is_good(today)) {
            (true, _, _) => FormStatus::Revoked,
            (_, true, _) => FormStatus::Expired,
            (_, _, false) => FormStatus::Pending,
            _ if self.expires_at.is_some_and(|end| end <= today + 30) => FormStatus::Expiring,
            _ => FormStatus::Active,
        }
    }
}

#[derive(Debug, Clone)]
struct Model {
    today: u64,
    policy: ConsentPolicy,
    forms: Vec<ModelForm>,
    attached: BTreeSet<(usize, usize)>,
    versions: Vec<i64>,
    /// Versions of the links to each media that were handed out under this policy.
    links: Vec<BTreeSet<i64>>,
    /// Those of them that must never work again.
    dead: Vec<BTreeSet<i64>>,
}

impl Model {
    fn is_open(&self, media: usize) -> bool {
        let forms = || self.attached.iter().filter(|(m, _)| *m == media).map(|(_, form)| &self.forms[*form]);
        let forms = || forms().filter(|form| !form.is_deleted);
        let nobody_lapsed = !forms().any(|form| form.is_revoked || form.is_over(self.today));
        self.policy != ConsentPolicy::Require || (nobody_lapsed && forms().any(|form| form.is_good(self.today)))
    }

    fn media_of(&self, form: usize) -> BTreeSet<usize> {
        self.attached.iter().filter(|(_, f)| *f == form).map(|(media, _)| *media).collect()
    }

    /// Changes something about these media: links to those that are not open before and after it die.
    fn change(&mut self, media: &BTreeSet<usize>, change: impl FnOnce(&mut Self)) {
        let before: Vec<bool> = (0..MEDIA).map(|media| self.is_open(media)).collect();
        change(self);
        for &media in media {
            if !(before[media] && self.is_open(media)) {
                self.versions[media] += 1;
            }
        }
    }

    fn change_form(&mut self, form: usize, change: impl FnOnce(&mut ModelForm)) {
        let media = self.media_of(form);
        self.change(&media, |model| change(&mut model.forms[form]));
        self.forms[form].log_rows += 1;
    }

    fn known(&self, forms: &BTreeSet<usize>) -> bool {
        forms.iter().all(|form| !self.forms[*form].is_deleted)
    }

    fn happen(&mut self, step: &Step) {
        match step.clone() {
            Step::Create { valid_from, expires_at } => {
                self.forms.push(ModelForm { valid_from, expires_at, log_rows: 1, ..ModelForm::default() });
            }
            Step::Approve(form) if !self.forms[form].is_deleted => self.change_form(form, |form| {
                (form.is_approved, form.is_revoked, form.is_told) = (true, false, false);
            }),
            Step::Revoke(form) if !self.forms[form].is_deleted && !self.forms[form].is_revoked => {
                self.change_form(form, |form| form.is_revoked = true);
            }
            Step::Change { form, valid_from, expires_at } if !self.forms[form].is_deleted => {
                let old = &self.forms[form];
                let is_never = matches!((valid_from, expires_at), (Some(from), Some(until)) if until <= from);
                if !is_never && (old.valid_from, old.expires_at) != (valid_from, expires_at) {
                    self.change_form(form, |form| {
                        form.is_told &= form.expires_at == expires_at;
                        (form.valid_from, form.expires_at) = (valid_from, expires_at);
                    });
                }
            }
            Step::Delete(form) if !self.forms[form].is_deleted => self.change_form(form, |form| form.is_deleted = true),
            Step::Attach { media, forms } if self.known(&forms) => self.attach(&media, &forms),
            Step::Replace { media, forms } if self.known(&forms) => {
                let gone: Vec<usize> = (0..self.forms.len())
                    .filter(|form| self.attached.contains(&(media, *form)) && !forms.contains(form))
                    .filter(|form| !self.forms[*form].is_deleted)
                    .collect();
                let new: Vec<usize> =
                    forms.into_iter().filter(|form| !self.attached.contains(&(media, *form))).collect();
                self.change(&BTreeSet::from([media]), |model| {
                    model.attached.retain(|(m, form)| *m != media || !gone.contains(form));
                    model.attached.extend(new.iter().map(|form| (media, *form)));
                });
                gone.iter().chain(&new).for_each(|form| self.forms[*form].log_rows += 1);
            }
            Step::Wait(days) => self.today += days,
            Step::Sweep => self.sweep(),
            Step::Policy(policy) => {
                // Whoever loosens the policy opens everything, and links from before it live again: they are not judged.
                if policy != self.policy {
                    self.links.iter_mut().chain(&mut self.dead).for_each(BTreeSet::clear);
                }
                self.policy = policy;
            }
            _ => {}
        }
        for media in 0..MEDIA {
            if self.is_open(media) {
                self.links[media].insert(self.versions[media]);
            } else {
                self.dead[media].extend(&self.links[media]);
            }
        }
    }

    fn attach(&mut self, media: &BTreeSet<usize>, forms: &BTreeSet<usize>) {
        let all: Vec<_> = forms.iter().flat_map(|form| media.iter().map(|media| (*media, *form))).collect();
        let new: Vec<_> = all.into_iter().filter(|pair| !self.attached.contains(pair)).collect();
        self.change(media, |model| model.attached.extend(new.iter().copied()));
        let told: BTreeSet<usize> = new.iter().map(|(_, form)| *form).collect();
        told.into_iter().for_each(|form| self.forms[form].log_rows += 1);
    }

    fn sweep(&mut self) {
        let is_due = |form: &ModelForm, today| !form.is_deleted && !form.is_told && form.is_over(today);
        let mut due: Vec<usize> = (0..self.forms.len()).filter(|form| is_due(&self.forms[*form], self.today)).collect();
        due.sort_by_key(|form| self.forms[*form].expires_at);
        for form in due {
            self.forms[form].is_told = true;
            if self.forms[form].is_revoked {
                continue;
            }
            self.forms[form].log_rows += 1;
            for media in self.media_of(form) {
                if !self.is_open(media) {
                    self.versions[media] += 1;
                }
            }
        }
    }
}

/// The catalog beside its model.
struct Real<'a> {
    catalog: &'a Catalog,
    owner: ConnectionId,
    media: Vec<MediaId>,
    forms: Vec<FormId>,
}

impl Real<'_> {
    async fn happen(&mut self, step: &Step, now: Timestamp) {
        let (catalog, owner) = (self.catalog, self.owner.clone());
        // Refusals are part of the game: the model knows which steps change nothing.
        match step.clone() {
            Step::Create { valid_from, expires_at } => {
                let (valid_from, expires_at) = (valid_from.map(day), expires_at.map(day));
                let terms = FormTerms { valid_from, expires_at, ..terms("A form") };
                self.forms.push(form_of(catalog, &owner, terms, now).await);
            }
            Step::Approve(form) => drop(catalog.approve_form(owner, self.forms[form], actor(), now).await.unwrap()),
            Step::Revoke(form) => drop(catalog.revoke_form(owner, self.forms[form], actor(), now).await.unwrap()),
            Step::Delete(form) => drop(catalog.delete_form(owner, self.forms[form], actor(), now).await.unwrap()),
            Step::Change { form, valid_from, expires_at } => {
                let (valid_from, expires_at) = (Some(valid_from.map(day)), Some(expires_at.map(day)));
                let change = FormChange { valid_from, expires_at, ..FormChange::default() };
                drop(catalog.change_form(owner, self.forms[form], change, actor(), now).await.unwrap());
            }
            Step::Attach { media, forms } => {
                let media = media.iter().map(|media| MediaReference::Media(self.media[*media])).collect();
                drop(catalog.attach_forms(media, attaching(&owner, &self.named(&forms)), now).await.unwrap());
            }
            Step::Replace { media, forms } => {
                let media = MediaReference::Media(self.media[media]);
                drop(catalog.replace_forms(media, attaching(&owner, &self.named(&forms)), now).await.unwrap());
            }
            Step::Sweep => {
                for form in &self.forms {
                    catalog.tell_lapsing(owner.clone(), *form, now).await.unwrap();
                }
            }
            Step::Policy(policy) => set_policy(catalog, &owner, policy, now).await,
            Step::Wait(_) => {}
        }
    }

    fn named(&self, forms: &BTreeSet<usize>) -> Vec<FormId> {
        forms.iter().map(|form| self.forms[*form]).collect()
    }

    /// What delivery, the list of forms and the log say.
    async fn agree(&self, model: &Model, context: &(dyn Debug + Sync)) {
        let now = day(model.today);
        for (index, media) in self.media.iter().enumerate() {
            let found = self.catalog.deliverable(*media, RenditionName::Thumb).await.unwrap().unwrap();
            let consent = Consent::of(found.release_forms.iter().map(|form| form.status(now)));
            let open = model.is_open(index);
            assert_eq!(found.settings.policy().allows(consent), open, "{context:?}");
            assert_eq!(found.url_version, model.versions[index], "{context:?}");
            assert!(!(open && model.dead[index].contains(&found.url_version)), "a dead link lives: {context:?}");
        }
        let found = self.catalog.list_forms(self.owner.clone(), page(NameOrder::Date, now)).await.unwrap();
        let found: BTreeMap<FormId, FormStatus> = found.iter().map(|form| (form.id, form.status(now))).collect();
        let log = self.catalog.audit_of_connection(self.owner.clone(), 0, 1000).await.unwrap();
        for (form, id) in model.forms.iter().zip(&self.forms) {
            let status = (!form.is_deleted).then(|| form.status(model.today));
            assert_eq!(found.get(id), status.as_ref(), "{context:?}");
            let rows: Vec<_> = log.iter().filter(|row| row.form == *id).collect();
            assert_eq!(rows.len(), form.log_rows, "{rows:?} {context:?}");
        }
    }
}

fn roll(dice: &mut Dice, model: &Model) -> Step {
    let forms = model.forms.len();
    let (valid_from, expires_at) = (dice.maybe_day(model.today), dice.maybe_day(model.today));
    // What was never valid is refused at birth; here it is born valid.
    let expires_at = expires_at.filter(|end| valid_from.is_none_or(|begin| *end > begin));
    match dice.below(if forms == 0 { 1 } else { 20 }) {
        0 | 1 if forms < 3 => Step::Create { valid_from, expires_at },
        0..=4 => Step::Approve(dice.below(forms)),
        5 | 6 => Step::Revoke(dice.below(forms)),
        7 | 8 => Step::Change { form: dice.below(forms), valid_from, expires_at },
        9 => Step::Delete(dice.below(forms)),
        10..=12 => Step::Attach { media: dice.some_below(MEDIA), forms: dice.some_below(forms) },
        13 | 14 => Step::Replace { media: dice.below(MEDIA), forms: dice.some_below(forms) },
        15 | 16 => Step::Wait(dice.below(40) as u64),
        17 | 18 => Step::Sweep,
        _ => Step::Policy(ConsentPolicy::ALL[dice.below(ConsentPolicy::ALL.len())]),
    }
}

impl Real<'_> {
    /// What the media say of themselves, which is more to read.
    async fn agree_on_media(&self, model: &Model, context: &(dyn Debug + Sync)) {
        for (index, media) in self.media.iter().enumerate() {
            let shown = self.catalog.media(self.owner.clone(), *media).await.unwrap().unwrap();
            let consent = shown.consent(day(model.today));
            assert_eq!(model.policy.allows(consent), model.is_open(index), "{context:?}");
            let names = shown.release_forms.len();
            let attached = model.attached.iter().filter(|(m, form)| *m == index && !model.forms[*form].is_deleted);
            assert_eq!(names, attached.count(), "{context:?}");
        }
    }
}

/// A connection under `require` with media that are ready, once `render_all` has run.
async fn begin(catalog: &Catalog) -> (ConnectionId, Vec<MediaId>) {
    let owner = tenant(catalog).await;
    set_policy(catalog, &owner, ConsentPolicy::Require, day(0)).await;
    let mut media = Vec::new();
    for seed in 0..MEDIA {
        media.push(completed(catalog, &owner, u8::try_from(seed).unwrap(), day(0)).await.media);
    }
    (owner, media)
}

async fn render_all(catalog: &Catalog) {
    while let Some(job) = catalog.claim_job(JobKind::RenderPhoto, day(0)).await.unwrap() {
        assert!(catalog.finish_render(job, facts(0), day(0)).await.unwrap());
    }
}

/// Lives through one history. Answers how often its first media was open.
async fn live(catalog: &Catalog, owner: ConnectionId, media: Vec<MediaId>, seed: u64) -> usize {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut model = Model {
        today: 0,
        policy: ConsentPolicy::Require,
        forms: Vec::new(),
        attached: BTreeSet::new(),
        versions: vec![url_version(catalog, &owner, media[0]).await; MEDIA],
        links: vec![BTreeSet::new(); MEDIA],
        dead: vec![BTreeSet::new(); MEDIA],
    };
    let mut real = Real { catalog, owner, media, forms: Vec::new() };
    let (mut history, mut open) = (Vec::new(), 0);
    for _ in 0..STEPS {
        let step = roll(&mut dice, &model);
        history.push(step.clone());
        real.happen(&step, day(model.today)).await;
        model.happen(&step);
        real.agree(&model, &(seed, &history)).await;
        open += usize::from(model.policy == ConsentPolicy::Require && model.is_open(0));
    }
    real.agree_on_media(&model, &(seed, &history)).await;
    open
}

pub(crate) async fn a_hundred_histories_agree_with_a_model(catalog: &Catalog) {
    histories_agree_with_a_model(catalog, 100).await;
}

/// Many at a time, so that they share the syncs to disk.
pub(crate) async fn histories_agree_with_a_model(catalog: &Catalog, histories: u64) {
    const AT_A_TIME: usize = 20;
    let next = Arc::new(AtomicU64::new(1));
    let open = race(AT_A_TIME, |_| {
        let (catalog, next) = (catalog.clone(), Arc::clone(&next));
        async move {
            let (mut seeds, mut begun, mut open) = (Vec::new(), Vec::new(), 0);
            while seeds.len() < usize::try_from(histories).unwrap() / AT_A_TIME {
                seeds.push(next.fetch_add(1, Ordering::Relaxed));
                begun.push(begin(&catalog).await);
            }
            render_all(&catalog).await;
            for (seed, (owner, media)) in seeds.into_iter().zip(begun) {
                wait_until_ready(&catalog, &owner, &media).await;
                open += live(&catalog, owner, media, seed).await;
            }
            open
        }
    })
    .await;
    assert_eq!(next.load(Ordering::Relaxed), histories + 1);
    let open: u64 = open.into_iter().map(|open| open as u64).sum();
    assert!(open > histories, "the histories were about something: open {open} times");
}

/// Another task may have claimed the last of its jobs.
async fn wait_until_ready(catalog: &Catalog, owner: &ConnectionId, media: &[MediaId]) {
    for media in media {
        while catalog.media(owner.clone(), *media).await.unwrap().unwrap().status != MediaStatus::Ready {
            tokio::task::yield_now().await;
        }
    }
}
