"""A trained model answers in campaigns and in screenings, with its own error bar, and says where it knows nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from polyloop.campaign import Campaign, CampaignConfig, read_campaign_file
from polyloop.campaign.screening import screen
from polyloop.chem import Polymer
from polyloop.core import ConfigurationError, FailureCode, InvalidInputError, Request, Status, Subject
from polyloop.core.errors import EvaluationError
from polyloop.design.pool import Pool
from polyloop.evaluation.models import ModelEvaluator
from polyloop.learn.property_model import PropertyModel
from polyloop.run.interrupts import Interrupts
from polyloop.store import Store
from polyloop.tables.training import read_training

ROOT = Path(__file__).parents[2]
UNITS = tuple(Polymer(unit).canonical for unit in ("*CC*", "*CC(*)C", "*CC(*)F", "*CC(*)Cl", "*CO*"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = read_training(ROOT / "examples" / "known_polymers.csv", "refractive_index")
    blocks = ("ecfp", "backbone", "factors")
    model = PropertyModel.train(table.texts, table.values, target="refractive_index", blocks=blocks, invariant=False)
    return model.save(tmp_path_factory.mktemp("models") / "n")


def campaign_file(directory: Path, folder: Path, **words: str) -> Path:
    (directory / "pool.csv").write_text("smiles\n" + "\n".join(UNITS) + "\n")
    file = directory / "c.toml"
    file.write_text(
        f"[campaign]\nname = 't'\ncycles = 1\nbatch = 2\nworkers = 1\n{words.get('campaign', '')}\n"
        f"[[objectives]]\nproperty = '{words.get('property', 'refractive_index')}'\ndirection = 'maximize'\n"
        f"evaluator = 'known'\n[evaluators.known]\nmodel = '{folder}'\n"
        "[pool]\nsource = 'csv'\nfile = 'pool.csv'\n[features]\nblocks = ['ecfp']\n[initial]\nsize = 2\n"
    )
    return file


def test_a_campaign_asks_a_model_and_keeps_what_it_says(tmp_path: Path, folder: Path) -> None:
    Campaign.from_file(campaign_file(tmp_path, folder), tmp_path / "run").run(report=False)
    with Store(tmp_path / "run" / "store.sqlite") as store:
        records = [record for record in store.records() if record.status is Status.DONE]
    assert len(records) == 4
    said = PropertyModel.load(folder).predict([record.request.subject.text for record in records])
    for record, prediction in zip(records, said, strict=True):
        assert prediction.mean == pytest.approx(record.value)
        assert prediction.std == pytest.approx(record.std)
        assert record.provenance.settings["source"] == "model"
        assert ("outside_domain" in record.provenance.settings) is not prediction.in_domain


def test_a_pool_is_screened_by_a_model(tmp_path: Path, folder: Path) -> None:
    config = CampaignConfig.model_validate(
        {
            "campaign": {"name": "t"},
            "objectives": [{"property": "density", "direction": "maximize", "level": "quick"}],
            "pool": {"source": "homopolymers", "screening": {"model": folder, "keep": 2}},
        }
    )
    pool = Pool.from_polymers((Polymer(unit), unit, "") for unit in UNITS)
    assert config.pool.screening is not None
    with Store(tmp_path / "s.sqlite") as store:
        kept = screen(pool, config.pool.screening, config, store, 1, Interrupts(), lambda done, total: None)
    said = {one.text: one.mean for one in PropertyModel.load(folder).predict(UNITS)}
    assert set(kept.texts) == set(sorted(said, key=lambda text: -said[text])[:2])


def test_a_model_that_was_trained_anew_is_another_evaluator(tmp_path: Path, folder: Path) -> None:
    whole = ModelEvaluator.of_folder(folder, "refractive_index", "polymer")
    texts = ["*CC*", "*CC(*)C", "*CC(*)c1ccccc1", "*CC(*)F", "*CC(*)Cl", "*CO*", "*CCO*", "*CC(*)O", "*CC(*)N", "*CS*"]
    values = [1.48, 1.49, 1.59, 1.41, 1.54, 1.48, 1.46, 1.5, 1.5, 1.6]
    other = PropertyModel.train(texts, values, target="refractive_index", blocks=("backbone",), invariant=False)
    place = other.save(tmp_path / "m")
    small = ModelEvaluator.of_folder(place, "refractive_index", "polymer")
    assert small.protocol_id != whole.protocol_id
    function, arguments = small.call(Request(Subject("polymer", "*CC*"), small.protocol_id))
    PropertyModel.load(folder).save(place)
    with pytest.raises(EvaluationError, match="not the one that the campaign began with") as error:
        function(*arguments)
    assert error.value.failure.code is FailureCode.SETUP


def test_what_lies_outside_a_model_s_domain_is_marked(folder: Path) -> None:
    evaluator = ModelEvaluator.of_folder(folder, "refractive_index", "polymer")
    function, arguments = evaluator.call(Request(Subject("polymer", "*C#C*"), evaluator.protocol_id))
    (record,) = function(*arguments)
    assert record.provenance.settings["outside_domain"]


def test_what_a_model_cannot_describe_is_a_failure_with_the_reason(folder: Path) -> None:
    evaluator = ModelEvaluator.of_folder(folder, "refractive_index", "polymer")
    function, arguments = evaluator.call(Request(Subject("polymer", "*[Ge](*)(I)I"), evaluator.protocol_id))
    (record,) = function(*arguments)
    assert record.failure.code is FailureCode.UNSUPPORTED
    assert "No volume is known for Ge" in record.failure.reason


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"campaign": "temperature = 350.0"}, "line 12.*A model knows no conditions"),
        ({"place": "/nowhere"}, "There is no model in /nowhere"),
    ],
)
def test_a_model_that_cannot_answer_is_refused_with_its_line(
    tmp_path: Path, folder: Path, words: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_campaign_file(campaign_file(tmp_path, Path(words.get("place", folder)), **words))


def test_a_model_of_another_property_or_kind_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="predicts refractive_index, not density"):
        ModelEvaluator.of_folder(folder, "density", "polymer")
    with pytest.raises(InvalidInputError, match="kind polymer; these are of kind molecule"):
        ModelEvaluator.of_folder(folder, "refractive_index", "molecule")


def test_a_run_that_was_moved_with_its_model_goes_on(tmp_path: Path, folder: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    shutil.copytree(folder, before / "n")
    file = campaign_file(before, Path("n"))
    Campaign.from_file(file, before / "run").run(cycles=0, report=False)
    before.rename(after)
    outcome = Campaign.from_directory(after / "run").run(cycles=1, report=False)
    assert outcome.evaluations == 4 and outcome.state == "finished"
