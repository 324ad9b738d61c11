"""From arXiv's metadata snapshot to a dataset of the published layout.

    read (rules) --> sample --> embed (embedders) --> queries --> truth --> card

``make`` runs these stages. The files of each appear by one rename, so a killed build resumes with the stage it was in.
"""
