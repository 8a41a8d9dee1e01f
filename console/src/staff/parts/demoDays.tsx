// What a signal's own count of days is worth where a user's day is not a day long, as in a demonstration: the detector of first networks counts
// whole days of the calendar, so that half a month of the demonstration reads as 0. Asked of the server only where a banner stands over the page.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../../api/client";
import { count } from "../../i18n/format";
import { useLang, useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { loose, type Signal } from "./shapes";

const DAY_S = 86_400;
/** Whose sentence counts days of the calendar; others count a user's days. */
const CALENDAR = "first_seen_network";

const demoWords = words(
  {
    days: (seconds: string, days: string) =>
      `위 문장은 실제 날짜를 셉니다. 이 시연에서는 이용자의 하루가 ${seconds}초이므로, 시연 일수로는 ${days}일을 관찰한 키입니다.`,
  },
  {
    days: (seconds: string, days: string) =>
      `The sentence counts real days. A user’s day in this demonstration is ${seconds} seconds: the key is known for ${days} demo days.`,
  },
);

/** How many days of `dayS` seconds lie between. */
export function demoDays(from: string, to: string, dayS: number): number {
  return Math.floor((Date.parse(to) - Date.parse(from)) / (dayS * 1_000));
}

export function DemoDays({ of }: { of: Signal }) {
  const w = useWords(demoWords);
  const { lang } = useLang();
  const { key } = loose<{ key: string }>(of.subject);
  const { from, to } = loose<{ from: string; to: string }>(of.baseline);
  const counted = of.code === CALENDAR && key !== undefined && from !== undefined && to !== undefined;
  const overview = useQuery({ queryKey: ["overview"], queryFn: () => good(api.GET("/v1/overview")), enabled: counted });
  const activity = useQuery({
    queryKey: ["keys", key, "activity"],
    queryFn: () => good(api.GET("/v1/keys/{key}/activity", { params: { path: { key: key ?? "" } } })),
    enabled: counted && Boolean(overview.data?.banner),
  });
  if (!counted || activity.data === undefined || activity.data.day_s === DAY_S) return null;
  const { day_s } = activity.data;
  return <p className="muted">{w.days(count(lang, day_s), count(lang, demoDays(from, to, day_s)))}</p>;
}
