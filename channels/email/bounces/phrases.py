"""What mail servers say when they refuse, by cause: the first row that fits is the cause.

Phrases are those of the servers' own sources and public help pages: Postfix, Sendmail, Exim,
qmail, Courier, OpenSMTPD, Exchange and Exchange Online, Domino, Gmail, Yahoo, iCloud, QQ, NetEase,
Mail.Ru, Orange. Rows stand from what is told apart best to what is vague, since servers say more
than one thing: a full mailbox is refused by a "policy" too, but a policy never says "quota".
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    reason: str
    hard: bool
    said: re.Pattern[str]


def _row(reason: str, *phrases: str, hard: bool = False) -> Cause:
    return Cause(reason, hard, re.compile("|".join(phrases), re.IGNORECASE))


CAUSES: tuple[Cause, ...] = (
    _row(
        "mailbox_full",
        r"(?:mail ?box|inbox|maildir|mail(?:drop)?|account|user)(?: \S+| for \S+)? (?:is |"
        r"are |has |was |would be )*(?:full|over|exceed)",
        r"\b(?:over|exceed\w*|out of|insufficient)\b[^.\n]{0,40}\b(?:quota|storage|disk space)",
        r"quota[^.\n]{0,30}(?:exceed|full|reached|over|violat)|mailfolder is full",
        r"not enough (?:storage|disk) space|space (?:is )?not enough|mailboxfull|overquota",
        r"reached[^.\n]{0,20}quota",
        r"number of messages in recipient's mailbox exceeded|bo[iî]te (?:aux lettres )?pleine",
        r"mailbox size limit|storage (?:limit|allocation)|空间不足",
        r"(?:邮箱|信箱)[^。\n]{0,10}(?:已满|满了|容量)|buz[oó]n (?:est[aá] )?lleno|casella piena",
        r"postfach[^\n]{0,40}(?:ist )?\bvoll|ящик[^\n]{0,60}(?:переполнен|заполнен)|квот[аыу]",
        r"caixa (?:postal |de (?:correio|entrada) )?cheia|postvak[^\n]{0,20}\bvol\b",
        r"メールボックスが.{0,8}いっぱい",
    ),
    _row(
        "too_long",
        r"message (?:file )?(?:size|length)",
        r"(?:message|mail|body)(?: is| was)? too (?:big|large|long)",
        r"exceeds? (?:the |its |your )*(?:fixed )?(?:max\w* )?(?:message )?size",
        r"max(?:imum)? (?:message )?size|size limit",
    ),
    _row(
        # Exchange Online's directory-based edge blocking: the recipient is in no directory of its.
        "no_such_mailbox",
        r"5\.4\.1.{0,120}?recipient\s+address rejected: access denied",
        hard=True,
    ),
    _row(
        "local_delivery",
        r"procmail: |can'?t create (?:output|user)|could ?n[o']t create|command (?:died|failed)",
        r"maildrop: |unable to open mailbox|permission denied",
    ),
    _row(
        "virus",
        r"\bvirus\b|malware|infected|trojan",
    ),
    _row(
        "spam",
        r"\bspam\b(?!haus|cop)|unsolicited|\bjunk mail|bulk mail|looks like spam|spamscore",
        r"mail content denied|considered (?:as )?spam|high probability of spam|垃圾邮件",
    ),
    _row(
        "authentication",
        r"\b(?:spf|dkim|dmarc|arc)\b|unauthenticated|authentication (?:checks?|results?|fail)",
        r"sender policy framework|domain owner policy|purported responsible address",
    ),
    _row(
        "reverse_name",
        r"reverse (?:dns|host ?name|lookup)|\b(?:ptr|rdns)\b|no(?:t have a)? (?:valid )?reverse",
        r"cannot find your (?:reverse )?host ?name|dns record for your|client host name|fcrdns",
        r"(?:ip|host|client)[^.\n]{0,30}(?:cannot|can't|could not|"
        r"unable to) (?:be )?(?:resolve|find)",
    ),
    _row(
        "blocked",
        r"black ?list|block ?list|\bdnsbl\b|\brbl\b|spamhaus|spamcop|barracuda|cbl\.abuseat",
        r"block(?:ed)? (?:using|by|due|for|list)",
        # Sun's messaging server says "has rejected address" of every refusal.
        r"(?:ip|host|client|server|network)\b[^.\n]{0,60}(?:block|banned|bloqu|denied|"
        r"reputation|not allowed|rejected(?! address)|refused)",
        r"(?:connection|access|client host|connect) (?:was )?(?:refused by|rejected|denied|"
        r"blocked)",
        r"reputation|bad sender|temporarily deferred|service unavailable; (?:client|sender) host",
        r"not accepting (?:mail|connections) from your|bloqu[ée]e|adresse ip|被列入",
    ),
    _row(
        "rate_limited",
        r"too many (?:connections|messages|recipients|mails|emails|concurrent|sessions|errors)",
        r"rate ?limit|frequency limited|too (?:fast|frequent)|throttl|connection limit",
        r"limit exceeded|exceeded the (?:rate|number|maximum number)|unusual rate|频率",
    ),
    _row(
        "greylisted",
        r"gr[ea]y ?list|try again in \d|come back (?:later|in)",
    ),
    _row(
        "sender_refused",
        r"sender (?:address |domain |verify |ip )*(?:rejected|denied|refused|invalid|"
        r"verification|failed|does ?n[o']t|not)",
        r"(?:domain of )?sender address \S+ (?:does not|is not)",
        r"(?:return|envelope) (?:path|sender)|invalid sender|unknown sender",
        r"mail from (?:address|domain|command)|from address|backscatter|null sender",
        r"not (?:a )?member|only members|do not have permission|unable to verify sender",
        r"not authori[sz]ed to (?:send|relay)|invalid domain, see|messages without (?:a )?from",
    ),
    _row(
        "relaying_denied",
        r"relay(?:ing)? (?:access |not |is |was )*(?:denied|permitted|prohibited|allowed)",
        r"unable to relay|relay not|not (?:a |an )?(?:open )?relay|rcpthosts|we do not relay",
    ),
    _row(
        "mailbox_disabled",
        r"(?:mail ?box|account|user|recipient|address|e-?mail)[^.\n]{0,40}(?:disabled|"
        r"suspended|frozen|deactivated|locked|blocked|discontinued|not active|expired)",
        r"(?:用户|账号|帐号|邮箱)[^。\n]{0,6}(?:停用|冻结|禁用|锁定)",
        r"(?:disabled|suspended|frozen|locked) (?:recipient|account|mail ?box|user|address)",
        r"account (?:has been|is) (?:temporarily )?(?:disabled|suspended|closed)",
        r"(?:mail ?box|account|user)[^.\n]{0,40} (?:is )?inactive",
        r"(?:ящик|пользователь|аккаунт|уч[её]тная запись)[^\n]{0,40}(?:заблокирован|отключ[её]н)",
        r"boite du destinataire",
    ),
    _row(
        "mailbox_moved",
        r"(?:user|mailbox|address|recipient|account) (?:has |is )?(?:moved|changed)|has moved",
        r"no longer (?:at|with|works)|new (?:e-?mail )?address|not our user|not our customer",
        hard=True,
    ),
    _row(
        # Postfix and Sendmail of a name server that did not answer.
        "no_answer",
        r"not found, try again|name ?server time ?out|temporary (?:lookup|resolution|dns) ",
    ),
    _row(
        "no_such_domain",
        r"host (?:unknown|not found)|unknown host|unrout(?:e)?able (?:mail )?(?:domain|address)",
        r"(?:bad|illegal|invalid) destination (?:system|host|domain)",
        r"(?:domain|host) (?:name )?(?:does not exist|not found|lookup failed)|no such domain",
        r"mx records point to non-?existent",
        r"(?:unknown|non-existent) domain|domain (?:name )?not found|nxdomain",
        r"name or service not known|host or domain name not",
        r"domain \S+ (?:does not exist|not found)|not found in dns|invalid (?:recipient )?domain",
        r"domain is not reachable|name server: \S+ host not found",
        r"recipient (?:address )?(?:rejected: )?domain (?:not|does)",
        hard=True,
    ),
    _row(
        "domain_takes_no_mail",
        r"null ?mx|indicated no smtp service",
        r"(?:does not|do not|doesn't) (?:accept|take) (?:any )?(?:mail|e-?mail|"
        r"messages?)(?! from)",
        r"no mx (?:found|record)|mail exchanger|not accepting network messages",
        r"smtp protocol returned 521",
        r"(?:host|domain|server|system)[^.\n]{0,20} not accept(?:ing)? (?:network )?(?:mail|"
        r"messages)",
        hard=True,
    ),
    _row(
        "no_such_mailbox",
        r"(?:user|recipient|mail ?box|address|account|addressee|"
        r"destinataire)s?(?: name)?(?: \S+)? (?:is |was |are )*(?:un ?known|invalid|inconnu|"
        r"inexist|not found|unavailable: no|introuvable)",
        r"(?:unknown|invalid|no such|nonexistent|non-existent|bad|"
        r"inactive) (?:final delivery )?(?:local |virtual )?(?:user|recipient|mail ?box|"
        r"address|account|addressee|e-?mail|destination mail)",
        r"(?:user|recipient|mail ?box|address|account|"
        r"e-?mail)[^.\n]{0,60}(?:does ?n[o']t exist|not exist|could not be found|"
        r"couldn't be found|wasn't found|not found|not known|no longer (?:available|valid|"
        r"exist|in use)|isn't (?:valid|found)|not listed|introuvable)",
        r"this user doesn'?t have an? \S+ account",
        r"no (?:such |mailbox |user )(?:\S+ )?(?:here|by that|person)|no mailbox here",
        r"not a (?:known|valid) (?:user|mailbox|recipient)|unknown to address|recipnotfound",
        r"user_?unknown|unknown recipient|unknown local.?part|not listed in|does not exist",
        # Exchange Online to anyone, and RFC 5321's own words for 550 said to a recipient.
        r"requested action not taken: mailbox unavailable",
        r"recipient name is not recogni[sz]ed",  # Exchange 5.5
        r"5\.1\.0 address rejected",  # AsyncOS, to RCPT
        r"doesn't exist|invalid recipient|recipient (?:address )?rejected: (?:undeliver|unknown)",
        r"verify (?:the )?(?:recipient )?address|sorry, no mailbox|(?:is )?not a valid mailbox",
        r"r[ée]cipient inconnu|adresse d.{0,30}invalide|utilisateur inconnu",
        r"(?:empf[äa]nger|benutzer|adresse)\S{0,9} (?:ist )?(?:nicht bekannt|unbekannt)",
        r"(?:empf[äa]nger|benutzer|adresse|postfach)[^\n]{0,60}(?:existiert nicht|nicht gefunden)",
        r"(?:adresse|destinataire|utilisateur|bo[iî]te)[^\n]{0,60}n'existe pas",
        r"(?:пользовател|адрес|ящик|получател)\w*[^\n]{0,60}(?:не (?:найден|существует)|"
        r"неизвест)|нет такого (?:пользователя|адреса|ящика)|несуществующ",
        r"(?:usu[aá]rio|destinat[aá]rio|endere[cç]o) \S*\s?(?:desconhecido|inexistente|inv[aá]lido|"
        r"n[aã]o (?:existe|encontrado))",
        r"(?:gebruiker|adres|postvak)[^\n]{0,40}(?:onbekend|bestaat niet)",
        r"destinatario (?:desconocido|inexistente|no existe|sconosciuto)",
        r"(?:邮箱|邮件地址|收件人|用户|账号|帐号|地址)[^。\n]{0,40}不存在|无此(?:用户|邮箱)",
        r"アドレスが見つかりません|存在しません",
        r"メールアドレスが.{0,12}(?:ありません|見つかりません)",
        hard=True,
    ),
    _row(
        "policy",
        r"access denied|(?:policy|security) (?:violation|reasons?|issue|rejection)|local policy",
        r"prohibited|content (?:rejected|restrictions?|filter)",
        r"message (?:content )?(?:rejected|refused|blocked|denied)|blocked because",
        r"rejected (?:for policy|by|due|your)|not accepted|administratively|refus[ée]|拒收|拒绝",
    ),
    _row(
        "loop",
        r"mail loop|too many hops|routing loop|loops? back|hop count|loop detected",
    ),
    _row(
        "no_answer",
        r"(?:connection|connect|conversation|session|socket|read|"
        r"i/o)[^.\n]{0,40}(?:timed? ?out|timeout|refused|reset|lost|dropped|error|failed)",
        r"(?:network|host) is? ?unreachable|no route to host",
        r"did not accept our requests to connect|could not (?:be )?(?:reach|connect)",
        r"unable to connect|retry time ?out exceeded",
    ),
    _row(
        "expired",
        r"(?:message|envelope|delivery time|queue|retry)[^.\n]{0,20} expired|too long in",
        r"in the queue too long|could not (?:be )?deliver(?:ed)? for|not (?:yet )?been delivered",
        r"giving up|retention|delivery (?:time|has been delayed)|will (?:be retried|continue)",
    ),
    _row(
        "system",
        r"service (?:is )?(?:currently |temporarily )?unavailable|temporar|try (?:again )?later",
        r"busy",
        r"(?:system|server|local|internal|configuration|mail server) (?:config |"
        r"delivery )?(?:error|problem|failure)",
        r"insufficient (?:system|permission|resource)|pipe to|no such file",
        r"cannot (?:open|create|write)",
    ),
)


def cause_of(text: str) -> Cause | None:
    """The cause that `text` names, if it names one."""
    for cause in CAUSES:
        if cause.said.search(text):
            return cause
    return None
