//! Commands in comments.

use super::{
    Decision, Scene, Trouble,
    approve::Approval,
    pull::{Wanted, priority},
};
use crate::{
    bot::{lane, words},
    command::{self, Command, Rerun, Said},
    github::event::{Comment, Pull},
    queue::{Asked, Effect, Ended, Subject, Target, Waiting},
    report::posted::answers,
};

impl Scene<'_> {
    pub(super) async fn comment(&self, comment: &Comment) -> Result<Decision, Trouble> {
        let said = command::parse(&comment.body);
        if said == Said::Nothing {
            return Ok(Decision::nothing("no command"));
        }
        let mut effects = vec![Effect::Once(format!("comment/{}/{}", comment.id, comment.updated))];
        if !self.may_write(&comment.author).await? {
            let (pull, author) = (comment.pull, &comment.author);
            if let Said::Command(_) = said {
                // One line for each person and pull request: nobody makes the bot talk on and on.
                effects.push(Effect::Once(format!("refused/{}/{pull}/{author}", self.repo.id)));
                effects.push(self.reply(comment, answers::refused(comment.id, author)));
            }
            return Ok(Decision::new(format!("{author} may not write here"), effects));
        }
        let command = match said {
            Said::Command(command) => command,
            Said::Typo(line) => {
                effects.push(self.reply(comment, answers::typo(comment.id, &line)));
                return Ok(Decision::new("a command that does not exist", effects));
            }
            Said::Nothing => return Ok(Decision::nothing("no command")),
        };
        let Some(pull) = self.bot.github.pull(&self.at, comment.pull).await? else {
            return Ok(Decision::nothing(format!("pull request {} is gone", comment.pull)));
        };
        effects.push(self.post(comment.pull, self.eyes(comment)));
        let note = self.carry_out(&command, comment, &pull, &mut effects).await?;
        Ok(Decision::new(note, effects))
    }

    async fn carry_out(
        &self,
        command: &Command,
        comment: &Comment,
        pull: &Pull,
        effects: &mut Vec<Effect>,
    ) -> Result<String, Trouble> {
        if !pull.open && !matches!(command, Command::Help | Command::Status) {
            effects.push(self.reply(comment, answers::closed(comment.id)));
            return Ok("the pull request is closed".to_owned());
        }
        match command {
            Command::Help => effects.push(self.reply(comment, answers::help(comment.id))),
            Command::Status => {
                let text = self.bot.status_of(self.repo.id, pull.number, comment.id).await?;
                effects.push(self.reply(comment, text));
            }
            Command::Cancel => self.cancel(comment, effects).await?,
            Command::Approve(digits) => {
                self.approve_by_comment(digits, comment, pull, effects).await?;
            }
            Command::Rerun(rerun) => self.again(rerun, comment, pull, effects).await?,
        }
        Ok(format!("{command:?} by {}", comment.author))
    }

    async fn again(
        &self,
        rerun: &Rerun,
        comment: &Comment,
        pull: &Pull,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Trouble> {
        let asked = Asked {
            by: comment.author.clone(),
            how: words::rerun(rerun),
            comment: Some(comment.id),
        };
        // The job that this one takes the place of may owe the head more than is asked for now.
        let live = self.bot.live_job(self.repo.id, &Subject::Pull(pull.number)).await?;
        let owed = live.filter(|job| job.job.head == pull.head).map(|job| job.job.scope);
        let scope = words::scope_of(rerun);
        let scope = owed.map_or(scope.clone(), |owed| scope.with(&owed));
        let priority = priority::COMMAND;
        let wanted = Wanted { scope, asked, priority, again: true };
        let job = self.job_of_pull(pull, wanted).await?;
        // Whoever asked for a run that will not begin is not left to wait for it.
        let held = match job.waiting {
            Waiting::Nothing => None,
            Waiting::Approval => Some(answers::awaits_approval(comment.id, &pull.head)),
            Waiting::Sandbox => Some(answers::stranger(comment.id)),
        };
        effects.push(Effect::Enqueue(Box::new(job)));
        effects.extend(held.map(|answer| self.reply(comment, answer)));
        Ok(())
    }

    async fn cancel(&self, comment: &Comment, effects: &mut Vec<Effect>) -> Result<(), Trouble> {
        let subject = Subject::Pull(comment.pull);
        let live = self.bot.live_job(self.repo.id, &subject).await?;
        let answer = match live {
            None => answers::nothing_to_cancel(comment.id),
            Some(_) => {
                effects.push(Effect::Cancel {
                    repo: self.repo.id,
                    subject,
                    ended: Ended::Cancelled,
                    note: format!("{} asked for it", comment.author),
                });
                answers::cancelled(comment.id)
            }
        };
        effects.push(self.reply(comment, answer));
        Ok(())
    }

    async fn approve_by_comment(
        &self,
        digits: &str,
        comment: &Comment,
        pull: &Pull,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Trouble> {
        let id = comment.id;
        let answer = match self.approve(pull, digits, &comment.author).await? {
            Approval::NotTheHead => answers::not_the_head(id, digits, &pull.head),
            Approval::Nothing => answers::nothing_to_approve(id),
            Approval::InPart => answers::sha_too_short(id, digits, &pull.head),
            Approval::Given(effect) => {
                effects.push(effect);
                answers::approved(id, &pull.head)
            }
            Approval::InVain(effect) => {
                effects.push(effect);
                answers::stranger(id)
            }
        };
        effects.push(self.reply(comment, answer));
        Ok(())
    }

    fn eyes(&self, comment: &Comment) -> Target {
        Target::Reaction { comment: comment.id, content: "eyes".to_owned() }
    }

    fn reply(&self, comment: &Comment, answer: String) -> Effect {
        let (comment, pull) = (comment.id, comment.pull);
        self.post(pull, Target::Reply { comment, pull, text: answer })
    }

    fn post(&self, pull: u64, target: Target) -> Effect {
        Effect::Post(lane(&self.at, &Subject::Pull(pull)), target)
    }
}
