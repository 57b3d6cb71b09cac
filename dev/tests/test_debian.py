from ..debian import follow_status, pick_labelled, pick_named


class Recorder:
    def __init__(self):
        self.said = []

    def update(self, how_far):
        self.said.append(how_far)


def test_the_archive_is_told_from_security_and_others_by_its_label():
    targets = """\
http://mirror/debian/ Debian
http://mirror/debian/ Debian
http://mirror/security/ Debian-Security
http://elsewhere/ Some Company
http://unread/
"""
    assert pick_labelled(targets) == ["http://mirror/debian/"]


def test_before_the_first_update_the_suites_tell():
    uris = """\
'http://mirror/debian/dists/trixie/InRelease' mirror_debian_dists_trixie_InRelease 0
'http://mirror/debian/dists/trixie/main/binary-amd64/Packages.xz' mirror 0
'http://mirror/debian/dists/trixie-updates/InRelease' mirror 0
'http://mirror/security/dists/trixie-security/InRelease' mirror 0
'http://mirror/ubuntu/dists/noble/InRelease' mirror 0
"""
    assert pick_named(uris) == ["http://mirror/debian/"]


def test_apts_progress_is_shown_in_percent():
    step = Recorder()
    follow_status("dlstatus:1:45.3:Retrieving file 1 of 9\n", step)
    follow_status("media-change: something else\n", step)
    assert step.said == ["45 %"]
