"""What scopes mean, in a sentence: what a provider's own consent page would have said, in our words."""

from __future__ import annotations

_GOOGLE = "https://www.googleapis.com/auth/"
_SAID: dict[str, str] = {
    "openid": "Know which account is yours",
    "email": "See your e-mail address",
    "profile": "See your name and picture",
    "user:email": "See your e-mail addresses, the private ones too",
    "read:user": "Read your whole profile",
    "user": "Read and change your profile",
    "user:follow": "Follow others, and stop",
    "repo": "See and change all your repositories, the private ones too",
    "repo:status": "See and set the status of commits",
    "public_repo": "See and change your public repositories",
    "read:org": "See your organisations and teams",
    "gist": "Write gists",
    "notifications": "Read your notifications",
    "read:project": "Read your projects",
    "project": "Read and change your projects",
    "userinfo.email": "See your e-mail address",
    "userinfo.profile": "See your name and picture",
    "contacts.readonly": "See your contacts",
    "contacts": "See, change and delete your contacts",
    "calendar": "See, change and delete your calendars",
    "calendar.readonly": "See your calendars and what is in them",
    "calendar.events.readonly": "See the events in your calendars",
    "calendar.events": "See and change the events in your calendars",
    "calendar.calendarlist.readonly": "See which calendars you have",
    "drive": "See, change and delete all your files",
    "drive.readonly": "See and download all your files",
    "drive.file": "See and change only the files that you open with this application",
    "drive.metadata.readonly": "See the names and dates of your files, not what is in them",
    "drive.metadata": "See and change the names of your files, not what is in them",
    "gmail.readonly": "Read your mail",
    "gmail.metadata": "See who writes to you and when, not what",
    "gmail.labels": "See and change your mail's labels",
    "gmail.modify": "Read, write and send your mail",
    "gmail.send": "Send mail for you",
    "user.birthday.read": "See your birthday",
    "user.phonenumbers.read": "See your phone numbers",
    "user.addresses.read": "See your addresses",
    "user.gender.read": "See your gender",
    "user.emails.read": "See your further e-mail addresses",
    "user.organization.read": "See where you work",
    "tasks.readonly": "See your tasks",
    "tasks": "See and change your tasks",
    "spreadsheets.readonly": "See your spreadsheets",
    "documents.readonly": "See your documents",
    "offline_access": "Stay connected while you are away",
    "account": "See your account",
    "read": "Read what you can see there",
    "write": "Change what you can change there",
    "read:me": "Read your profile",
    "read:jira-work": "Read your projects and issues",
    "read_user": "Read your profile",
    "read_api": "Read all that you can see there",
    "repository": "See your repositories",
    "pullrequest": "See your pull requests",
    "identify": "Know who you are",
    "guilds": "See which servers you are in",
    "connections": "See which accounts you have connected",
    "accounting.invoices.read": "See your invoices",
    "accounting.contacts.read": "See your customers and suppliers",
    "accounting.settings.read": "See your chart of accounts and settings",
    "user-read-email": "See your e-mail address",
    "user-read-private": "See your country and subscription",
    "playlist-read-private": "See your private playlists",
}


def said(scope: str) -> str:
    """What a scope lets the application do; its own words, set apart, where it is not known here.

    >>> said("https://www.googleapis.com/auth/drive.readonly"), said("crm.objects.deals.read")
    ('See and download all your files', 'Crm objects deals read')
    """
    short = scope.removeprefix(_GOOGLE)
    if short in _SAID:
        return _SAID[short]
    words = short.rpartition("/")[2]
    for sign in ":._-":
        words = words.replace(sign, " ")
    text = " ".join(words.split())
    return text[:1].upper() + text[1:] if text else scope


def short(scope: str) -> str:
    """A scope as it fits in a line.

    >>> short("https://www.googleapis.com/auth/drive.readonly")
    'drive.readonly'
    """
    return scope.removeprefix(_GOOGLE)
