"""The derived corpus: valid and invalid payloads from the original schemas, an oracle, and a runner.

It shares no code with the generator. `sources` and `nodes` read the originals; `grammar`, `moments`,
`numerals`, `shapes`, `texts` and `uris` are tables of what to try; `instances` puts every literal
at every place; `oracle` says what is valid; `runner` asks the codec as well; `explained.toml` lists
where they may differ. `mutants`, `mending` and `strategies` do the same with random payloads:
`python -m corpus --help`.
"""
