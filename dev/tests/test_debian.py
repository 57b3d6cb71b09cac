from ..debian import follow_status, pick_mirrors


class Recorder:
    def __init__(self):
        self.said = []

    def update(self, how_far):
        self.said.append(how_far)


def test_the_archive_is_told_from_security_and_others_by_its_label():
    targets = """\
http://mirror/debian/ bookworm Debian
http://mirror/debian/ bookworm-updates Debian
http://mirror/security/ bookworm-security Debian-Security
http://elsewhere/ nodistro Some Company
"""
    assert pick_mirrors(targets) == ["http://mirror/debian/"]


def test_before_the_first_update_the_suite_names_tell():
    targets = """\
http://mirror/debian/ bookworm
http://mirror/debian/ bookworm-updates
http://mirror/security/ bookworm-security
"""
    assert pick_mirrors(targets) == ["http://mirror/debian/"]


def test_another_distribution_has_no_mirror_for_us():
    assert pick_mirrors("http://mirror/ubuntu/ noble Ubuntu\n") == []


def test_apts_progress_is_shown_in_percent():
    step = Recorder()
    follow_status("dlstatus:1:45.3:Retrieving file 1 of 9\n", step)
    follow_status("media-change: something else\n", step)
    assert step.said == ["45 %"]
