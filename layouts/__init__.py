"""Pages, scenes, cards and figures: pure functions from the read model to components and changes; no I/O.

A page is mounted once. After that nothing is rendered again: every push carries one ``Patch`` (what each
named element now says and looks like), made here from the ``Wall`` and applied in place by ``assets/live.js``.
"""
