import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from server.matching.clustering import ContradictoryLinks, cluster, components, recluster

pytestmark = pytest.mark.pure

IDS = [f"r{number:02}" for number in range(12)]
pair = st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda both: both[0] < both[1])
graphs = st.dictionaries(pair, st.floats(-6, 6), max_size=40)
links = st.lists(pair, max_size=6)


def solved(worth, must=(), cannot=(), absent=-0.5):
    try:
        return cluster(IDS, worth, must=must, cannot=cannot, absent=absent)
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


@given(graphs, links, links, st.floats(-3, 0))
@settings(max_examples=200, deadline=None)
def test_a_cannot_link_is_never_crossed_and_a_must_link_never_broken(worth, must, cannot, absent):
    found = solved(worth, must, cannot, absent)
    assert all(found[left] != found[right] for left, right in cannot)
    assert all(found[left] == found[right] for left, right in must)


@given(graphs, links, links, st.randoms())
@settings(max_examples=200, deadline=None)
def test_the_order_of_the_input_does_not_matter(worth, must, cannot, random):
    found = solved(worth, must, cannot)
    turned = {(pair[::-1] if random.random() < 0.5 else pair): value for pair, value in random.sample(sorted(worth.items()), len(worth))}
    again = cluster(
        random.sample(IDS, len(IDS)), turned, must=random.sample(must, len(must)), cannot=random.sample(cannot, len(cannot)), absent=-0.5
    )
    assert found == again


@given(graphs, links, st.sets(st.sampled_from(IDS), min_size=1))
@settings(max_examples=200, deadline=None)
def test_solving_only_what_was_touched_gives_the_same_as_solving_all(worth, cannot, touched):
    old = {pair: value for pair, value in worth.items() if not set(pair) & touched}
    before = solved(old, (), cannot)
    assert recluster(before, worth, touched=touched, cannot=cannot, absent=-0.5) == solved(worth, (), cannot)


@given(graphs)
def test_clusters_stay_inside_connected_components(worth):
    found, connected = solved(worth), components(IDS, worth)
    assert all(connected[one] == connected[found[one]] for one in IDS)
