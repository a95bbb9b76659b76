"""avici_jl"""
