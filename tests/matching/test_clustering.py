import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from server.matching.clustering import ContradictoryLinks, cluster, components, recluster

pytestmark = pytest.mark.pure

IDS = [f"r{number:02}" for number in range(12)]
pair = st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda both: both[0] < both[1])
graphs = st.dictionaries(pair, st.floats(-6, 6), max_size=40)
links = st.lists(pair, max_size=6)


linkages = st.sampled_from(["sum", "mean", "single"])


def solved(worth, must=(), cannot=(), absent=-0.5, linkage="sum"):
    try:
        return cluster(IDS, worth, must=must, cannot=cannot, absent=absent, linkage=linkage)
    except ContradictoryLinks:
        assume(condition=False)


def groups(found):
    return sorted(sorted(one for one in found if found[one] == name) for name in set(found.values()))


def test_two_that_agree_join_and_a_third_that_disagrees_stays():
    assert groups(cluster("abc", {("a", "b"): 2, ("b", "c"): 1, ("a", "c"): -5})) == [["a", "b"], ["c"]]


def test_neighbours_are_not_chained_into_one():
    chain = {("a", "b"): 1.0, ("b", "c"): 1.1, ("c", "d"): 1.0, ("a", "c"): -3, ("b", "d"): -3, ("a", "d"): -3}
    assert groups(cluster("abcd", chain)) == [["a"], ["b", "c"], ["d"]]


def test_a_cluster_is_named_by_its_smallest_member():
    assert cluster("cab", {("c", "b"): 1})["c"] == "b"


def test_what_must_be_together_and_apart_is_refused():
    with pytest.raises(ContradictoryLinks):
        cluster("abc", {}, must=[("a", "b"), ("b", "c")], cannot=[("c", "a")])
    with pytest.raises(ContradictoryLinks):
        cluster("ab", {}, cannot=[("a", "a")])


@given(graphs, links, links, st.floats(-3, 0), linkages)
@settings(max_examples=80, deadline=None)
def test_a_cannot_link_is_never_crossed_and_a_must_link_never_broken(worth, must, cannot, absent, linkage):
    found = solved(worth, must, cannot, absent, linkage)
    assert all(found[left] != found[right] for left, right in cannot)
    assert all(found[left] == found[right] for left, right in must)


@given(graphs, links, links, linkages, st.randoms())
@settings(max_examples=80, deadline=None)
def test_the_order_of_the_input_does_not_matter(worth, must, cannot, linkage, random):
    found = solved(worth, must, cannot, linkage=linkage)
    turned = {(pair[::-1] if random.random() < 0.5 else pair): value for pair, value in random.sample(sorted(worth.items()), len(worth))}
    again = cluster(
        random.sample(IDS, len(IDS)), turned, must=random.sample(must, len(must)), cannot=random.sample(cannot, len(cannot)),
        absent=-0.5, linkage=linkage,
    )  # fmt: skip
    assert found == again


@given(graphs, links, st.sets(st.sampled_from(IDS), min_size=1), linkages)
@settings(max_examples=80, deadline=None)
def test_solving_only_what_was_touched_gives_the_same_as_solving_all(worth, cannot, touched, linkage):
    old = {pair: value for pair, value in worth.items() if not set(pair) & touched}
    before = solved(old, (), cannot, linkage=linkage)
    again = recluster(before, worth, touched=touched, cannot=cannot, absent=-0.5, linkage=linkage)
    assert again == solved(worth, (), cannot, linkage=linkage)


def test_the_ways_of_joining_differ_where_neighbours_chain():
    chain = {("a", "b"): 3.0, ("b", "c"): 2.0, ("a", "c"): -2.5, ("c", "d"): -0.5, ("b", "d"): 3.0}
    assert groups(cluster("abcd", chain, linkage="single")) == [["a", "b", "c", "d"]]
    assert groups(cluster("abcd", chain, linkage="mean", absent=-6)) == [["a", "b"], ["c"], ["d"]]


@given(graphs, linkages)
def test_clusters_stay_inside_connected_components(worth, linkage):
    found, connected = solved(worth, linkage=linkage), components(IDS, worth)
    assert all(connected[one] == connected[found[one]] for one in IDS)
