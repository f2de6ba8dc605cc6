"""What runs the venue: the one writer, and whoever tells it what happens.

    loop           the single writer: queue, decide, journal, answer, publish
    clock          the time as somebody says it, or as it is; venue_clock: as a feed has it
    recording      the writer for those who play instead of serving
    feed_pump      from a feed's prices to commands; steering: an operator's hand on them
    market_maker   what the maker does when a price moves; liquidity: what it quotes
    story          plays a story file; story_market, story_opening, edge, facts, words: its parts
    crash          many accounts through a crash; population, arrivals, crash_log: its parts
    service        a served venue; served_market: the market it is in

Nothing is imported here, so that importing the package costs nothing.
"""
