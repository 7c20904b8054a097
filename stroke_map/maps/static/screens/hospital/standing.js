// What an alert asks of this hospital, or of the one team that is logged in: pure, from what the API tells.

const OVER = new Set(["closed", "cancelled", "diverted"]);

export const isOver = (alert) => OVER.has(alert.state);
export const isComing = (alert) => !isOver(alert) && !alert.arrived_at;
export const knows = (team) => Boolean(team.acknowledged_at || team.activated_at);

/** The teams that this account answers for. */
export const own = (alert, user) => alert.teams.filter((team) => !user.team || team.team === user.team);

/** Those of them that have not said that they know, while it matters. */
export const waiting = (alert, user) => (isComing(alert) ? own(alert, user).filter((team) => !knows(team)) : []);

/** Those that know and are not activated. */
export const activatable = (alert, user) => (isOver(alert) ? [] : own(alert, user).filter((team) => knows(team) && !team.activated_at));

/** What must be looked at first: who rings, who was stood down and not seen, who comes soonest, who is here, what is over. */
export function inOrder(alerts, user, seen) {
  const rank = (alert) => {
    if (waiting(alert, user).length) return 0;
    if (alert.state === "cancelled" && !seen.has(alert.id)) return 1;
    if (isComing(alert)) return 2;
    return isOver(alert) ? 4 : 3;
  };
  const at = (alert) => (isOver(alert) ? -Date.parse(alert.ended_at) : Date.parse(alert.eta ?? alert.created_at));
  return [...alerts].sort((a, b) => rank(a) - rank(b) || at(a) - at(b) || a.id - b.id);
}
